// This file says in a line what each name means that is there from the beginning,
// for help; a test fails when one is missing.

package script

// nameDoc explains a name: how it is called, and what it is.
type nameDoc struct{ usage, meaning string }

// languageNames are the names of the language, and methods of its types that
// Python does not have under that name.
func languageNames() map[string]nameDoc {
	names := map[string]nameDoc{
		"FileCapture":     {"", "open a capture file, or several merged by time"},
		"PipeCapture":     {"", "read a capture from a FIFO or a file descriptor"},
		"InMemCapture":    {"", "a capture of packets that a script feeds as bytes"},
		"LiveCapture":     {"", "capture from interfaces"},
		"LiveRingCapture": {"", "capture from interfaces, and keep only the last packets"},
		"RemoteCapture":   {"", "capture from the interface of another machine"},
		"StopCapture":     {"StopCapture()", "what a function calls to end apply_on_packets early: return StopCapture()"},
		"LinkTypes":       {"LinkTypes.ETHERNET", "link types by name, for InMemCapture"},
		"pyshark":         {"pyshark.FileCapture(…)", "the classes under PyShark's module name; no import is needed"},

		"abs":        {"abs(x)", "a number without its sign"},
		"all":        {"all(x)", "True where every element of x is true"},
		"any":        {"any(x)", "True where an element of x is true"},
		"bin":        {"bin(n)", "a number in binary: '0b101'"},
		"bool":       {"bool(x)", "whether x is true: neither empty, 0 nor None"},
		"bytes":      {"bytes(x)", "bytes of a text, or of a list of numbers; bytes.fromhex('0a0b')"},
		"bytearray":  {"bytearray(x)", "bytes; the same as bytes here"},
		"callable":   {"callable(x)", "whether x can be called"},
		"chr":        {"chr(n)", "the character of a code point"},
		"dict":       {"dict(x)", "a dictionary"},
		"dir":        {"dir(x)", "the attributes of x: a packet's layers, a layer's fields; x? explains them"},
		"divmod":     {"divmod(a, b)", "quotient and remainder"},
		"enumerate":  {"enumerate(x, start=0)", "pairs of place and element"},
		"fail":       {"fail(text)", "stop with an error"},
		"filter":     {"filter(function, list)", "the elements for which the function is true; filter('dns') is the command"},
		"float":      {"float(x)", "a number with a fraction; of a field its number"},
		"fmt":        {"fmt('%5d %s', n, name)", "format values as Python's operator % does"},
		"format":     {"format(x, spec)", "format one value: format(3.14159, '.2f')"},
		"getattr":    {"getattr(x, name, default)", "an attribute by name"},
		"hasattr":    {"hasattr(x, name)", "whether x has an attribute: hasattr(pkt, 'dns')"},
		"hash":       {"hash(text)", "a number made of a text"},
		"hex":        {"hex(n)", "a number in hexadecimal: '0xff'"},
		"int":        {"int(x, base=10)", "a whole number; of a field its number, whatever its base"},
		"isinstance": {"isinstance(x, type)", "whether x is of a type"},
		"iter":       {"iter(x)", "an iterator: next(i) takes one element after the other"},
		"len":        {"len(x)", "how many there are: packets of a capture, elements, characters; of a packet its length"},
		"list":       {"list(x)", "a list of what x goes through: list(cap) is every packet"},
		"map":        {"map(function, list)", "the function of every element"},
		"max":        {"max(x, key=None)", "the greatest; fields compare as numbers where they are"},
		"min":        {"min(x, key=None)", "the least; fields compare as numbers where they are"},
		"next":       {"next(iterator, default)", "the next value of an iterator; next alone is the command"},
		"oct":        {"oct(n)", "a number in octal: '0o17'"},
		"ord":        {"ord(character)", "the code point of a character"},
		"pow":        {"pow(a, b)", "a to the power of b"},
		"print":      {"print(x, …, sep=' ', end='\\n')", "write values; a packet as its summary line"},
		"range":      {"range(n), range(a, b, step)", "whole numbers from 0, or from a, up to but without the end"},
		"repr":       {"repr(x)", "x as the prompt shows it"},
		"reversed":   {"reversed(x)", "the elements from the last to the first"},
		"round":      {"round(x, digits)", "a number rounded, halves to the even neighbour"},
		"set":        {"set(x)", "the different elements of x"},
		"sorted":     {"sorted(x, key=None, reverse=False)", "the elements in order"},
		"str":        {"str(x)", "x as text; of a field its value"},
		"sum":        {"sum(x, start=0)", "the sum of numbers, or of number fields"},
		"tuple":      {"tuple(x)", "the elements as a tuple, which may be a dictionary's key"},
		"type":       {"type(x)", "the name of a value's type"},
		"zip":        {"zip(a, b, …)", "tuples of the first elements, the second …"},

		"Counter":     {"Counter(x)", "a dictionary of how often each element occurs; most_common(10) is its top"},
		"defaultdict": {"defaultdict(list)", "a dictionary whose missing values begin as list(), int() …"},
		"OrderedDict": {"OrderedDict(x)", "a dictionary; all of them keep their order"},
		"datetime":    {"datetime(year, month, day, …)", "a time; datetime.now(), datetime.fromtimestamp(seconds)"},
		"timedelta":   {"timedelta(days=0, seconds=0, …)", "a span of time, to add to a time"},

		"argv":        {"argv", "the arguments of the script: a list of texts"},
		"binascii":    {"binascii.unhexlify(text)", "bytes to hex digits and back"},
		"collections": {"collections.Counter(x)", "Counter, defaultdict and OrderedDict, as in Python"},
		"json":        {"json.dumps(x)", "values as JSON text and back"},
		"math":        {"math.sqrt(x)", "mathematical functions"},
		"sys":         {"sys.argv", "argv, and sys.exit(code); there is nothing else of Python's sys"},
		"time":        {"time.now()", "times: time.now(), time.parse_time(text), time.time()"},
		"None":        {"None", "nothing"},
		"True":        {"True", "true"},
		"False":       {"False", "false"},
	}
	for class := range exceptionBases {
		names[class] = nameDoc{class + "('message')", "an exception, as Python's: raise " + class + "('message'), except " + class + " as e"}
	}
	names["IOError"] = names["OSError"]
	return names
}
