package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"pktsh/completion"
)

// This file says what is wrong with a flag, and what does the job here of those flags
// of tshark that pktsh does not have.

// instead is what to do here instead of a flag of tshark.
var instead = map[byte]string{
	'C': "no profile of Wireshark is read: -o, -d and --disable-protocol say what matters",
	'G': "the commands fields, protocols and prefs list what Wireshark knows: --eval 'fields dns'",
	'O': "show prints the layers that it is told: --eval 'show 5 dns'",
	'P': "-T text prints the summaries",
	'q': "nothing is printed but what -T or a script asks for",
	'R': "-Y is the filter, of packets that were dissected with what came before and after them",
	'V': "show prints a packet's tree: --eval 'show 5'; -T json prints them all",
	'x': "hex prints a packet's bytes: --eval 'hex 5'",
	'z': "a script counts and groups: --eval 'cap.count_by(\"ip.src\")'; help examples has more",
}

// flagError is what is wrong with the command line, said for those who typed it.
func flagError(fs *pflag.FlagSet, err error) error {
	var missing *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing) && missing.GetSpecifiedShortnames() != "":
		letter := missing.GetSpecifiedName()[0]
		text := fmt.Sprintf("there is no flag -%c", letter)
		if group := missing.GetSpecifiedShortnames(); len(group) > 1 {
			text += " (in -" + group + ")"
		}
		if hint := instead[letter]; hint != "" {
			text += "; " + hint
		}
		return errors.New(text)
	case errors.As(err, &missing):
		name := missing.GetSpecifiedName()
		near, ok := completion.Nearest(name, func(yield func(string) bool) {
			more := true
			fs.VisitAll(func(f *pflag.Flag) { more = more && yield(f.Name) })
		})
		if !ok {
			return fmt.Errorf("there is no flag --%s", name)
		}
		return fmt.Errorf("there is no flag --%s; did you mean --%s?", name, near)
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand
		}
		want := map[string]string{"int": "a whole number", "bool": "true or false"}[f.Value.Type()]
		if want == "" {
			return err
		}
		return fmt.Errorf("%s %s: %s was wanted", name, strings.TrimSpace(invalid.GetValue()), want)
	}
	return err
}
