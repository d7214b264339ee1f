// This file answers attributes of packets and layers out of packets' headers and
// the engine's columns, where those surely say what the dissection would: a loop
// over all packets that asks for addresses, ports, flags, hosts or names dissects
// few of them.
//
// A layer or field that was told so ([Layer.known], [Field.known]) has its name and
// text. Whatever else is asked of it, labels, positions, further occurrences,
// dissects its packet.

package script

import (
	"context"
	"strings"

	"go.starlark.net/starlark"

	"pktsh/dissect"
)

// headerLayer is a protocol of which headers or columns may tell.
type headerLayer struct {
	name   string                  // the filter name
	key    string                  // that in the spelling under which names are compared
	fields map[string]*headerField // by key, as field_names has it
	// catalogued says that fields has all that the catalogue knows, and nil for keys
	// that several of them have.
	catalogued bool
	hinted     int // how many of the source's words the engine was told of
}

// headerField is a field of which headers or columns may tell.
type headerField struct {
	name, key string
	kind      valueKind // kindUnsure until the catalogue was asked
	// plain says that it is the bytes of the layer data without colons.
	plain bool
	// continued are the names that were asked for behind the field's, and whether
	// there is a field that goes on with them.
	continued map[string]bool
}

// unshown are fields that Wireshark hides, and sharkd's trees leave out: scripts do
// not see them. Aliases of addresses and ports are completed (index.go).
var unshown = map[string]bool{
	"eth.addr.oui": true, "eth.dst.oui": true, "eth.src.oui": true, "eth.ig": true, "eth.lg": true,
	"geneve.reserved": true, "wlan.fc.fromds": true, "wlan.fc.tods": true,
}

// nestedToo are protocols that stand within another layer in some packets: AH is an
// extension header of IPv6 (RFC 8200, 4.1) and then below it.
var nestedToo = map[string]bool{"ah": true}

// headerLayers returns the protocols of which something was told, by the spelling
// under which names are compared.
func (it *Interp) headerLayers() map[string]*headerLayer {
	if it.headers != nil {
		return it.headers
	}
	it.headers = map[string]*headerLayer{}
	for _, info := range dissect.NativeCatalogue().All() {
		if nestedToo[info.Protocol] {
			continue
		}
		protocol := normalize(info.Protocol)
		own := it.headers[protocol]
		if own == nil {
			own = &headerLayer{name: info.Protocol, key: protocol, fields: map[string]*headerField{}}
			it.headers[protocol] = own
		}
		if strings.HasPrefix(info.Name, info.Protocol+".") && !unshown[info.Name] {
			key := fieldKey(info.Protocol, info.Name)
			own.fields[key] = &headerField{name: info.Name, key: key, continued: map[string]bool{}}
		}
	}
	if data := it.headers[dataLayer]; data != nil && data.fields["data_data"] != nil {
		data.fields[dataLayer] = &headerField{name: "data.data", key: dataLayer, plain: true, continued: map[string]bool{}}
	}
	return it.headers
}

// headerLayer returns the protocol of a spelling of which something may be told
// without a tree, nil when there is none.
func (it *Interp) headerLayer(key string) *headerLayer {
	l := it.headerLayers()[key]
	if l == nil {
		name := it.protocol(key)
		if name == "" || nestedToo[name] {
			return nil
		}
		l = &headerLayer{name: name, key: key, fields: map[string]*headerField{}}
		it.headers[key] = l
	}
	return l
}

// addCatalogued adds the fields that the catalogue knows beside those there are. It
// is for where headers do not suffice: loops over what they tell need no catalogue.
func (l *headerLayer) addCatalogued(it *Interp) {
	if l.catalogued {
		return
	}
	c := it.catalogue()
	if c == nil {
		return
	}
	l.catalogued = true
	for _, info := range c.Prefix(l.name + ".") {
		if info.Type == dissect.TypeProtocol || info.Protocol != l.name || unshown[info.Name] {
			continue
		}
		key := fieldKey(l.name, info.Name)
		switch f, several := l.fields[key]; {
		case !several:
			l.fields[key] = &headerField{name: info.Name, key: key, continued: map[string]bool{}}
		case f != nil && f.name != info.Name:
			l.fields[key] = nil
		}
	}
}

// header returns how often a layer is told to be in the packet, and its protocol;
// sure is false where only the tree tells.
func (p *Packet) header(ctx context.Context, key string) (known *headerLayer, n int, sure bool) {
	if p.index != nil {
		return nil, 0, false
	}
	if known = p.it.headerLayer(key); known == nil {
		return nil, 0, false
	}
	if known.catalogued {
		p.expect(known)
	}
	if n, sure = p.src.Header(ctx, known.name); !sure && !known.catalogued {
		known.addCatalogued(p.it)
		p.expect(known)
	}
	return known, n, sure
}

// expect tells the engine, once, which fields of a protocol the source names.
func (p *Packet) expect(known *headerLayer) {
	if known.hinted != p.it.words.added {
		known.hinted = p.it.words.added
		p.src.Expect(known.name, p.it.words.expected(known))
	}
}

// layer returns the first layer of a name in any spelling, nil when there is none.
func (p *Packet) layer(ctx context.Context, name string) (*Layer, error) {
	key := normalize(name)
	for l := p.told; l != nil; l = l.next {
		if l.known.key == key {
			return l, nil
		}
	}
	known, n, sure := p.header(ctx, key)
	switch {
	case sure && n == 0:
		return nil, nil
	case sure && n == 1:
		p.told = &Layer{it: p.it, name: known.name, packet: p, known: known, next: p.told}
		return p.told, nil
	}
	if p.filtered(ctx, key) {
		return nil, nil
	}
	x, err := p.tree(ctx)
	if err != nil {
		return nil, err
	}
	l, _ := x.layer(key)
	return l, nil
}

// protocol returns the one protocol of a spelling, "" where there is none, or no
// catalogue yet. Wireshark's own pseudo protocols are not among them.
func (it *Interp) protocol(key string) string {
	if it.protocols == nil {
		c := it.catalogue()
		if c == nil {
			return ""
		}
		it.protocols = map[string]string{}
		for _, info := range c.All() {
			if info.Type != dissect.TypeProtocol || isPseudo(info.Name) {
				continue
			}
			key, name := normalize(info.Name), info.Name
			if _, several := it.protocols[key]; several {
				name = ""
			}
			it.protocols[key] = name
		}
	}
	return it.protocols[key]
}

// filtered says that a filter told that the packet has no layer of a name.
func (p *Packet) filtered(ctx context.Context, key string) bool {
	if p.index != nil || p.src.Dissected() != nil {
		return false
	}
	protocol := p.it.protocol(key)
	return protocol != "" && p.src.Absent(ctx, protocol)
}

// has says whether the packet has a layer of a name in any spelling.
func (p *Packet) has(ctx context.Context, name string) (bool, error) {
	key := normalize(name)
	if _, n, sure := p.header(ctx, key); sure {
		return n > 0, nil
	}
	if p.filtered(ctx, key) {
		return false, nil
	}
	x, err := p.tree(ctx)
	if err != nil {
		return false, err
	}
	_, found := x.layer(key)
	return found, nil
}

// lacks says that the packet surely has no attribute of a name.
func (p *Packet) lacks(ctx context.Context, name string) bool {
	if _, ok := packetMembers[name]; ok {
		return false
	}
	key := normalize(name)
	if _, n, sure := p.header(ctx, key); sure {
		return n == 0
	}
	return p.filtered(ctx, key)
}

// tell returns a field out of the packet's headers, nil where the layer lacks it.
// known is false where only the tree tells.
func (l *Layer) tell(ctx context.Context, key string) (f *Field, known bool) {
	if l.node != nil || l.known == nil {
		return nil, false
	}
	def := l.known.fields[key]
	if def == nil {
		if l.known.addCatalogued(l.it); l.known.fields[key] == nil {
			return nil, false
		}
		def = l.known.fields[key]
	}
	text, found, sure := l.packet.src.HeaderField(ctx, def.name)
	switch {
	case !sure, found && text == "":
		return nil, false
	case !found:
		return nil, true
	}
	if def.plain {
		text = strings.ReplaceAll(text, ":", "")
	}
	return &Field{layer: l, known: def, show: text}, true
}

// lacks says that the layer surely has no attribute of a name.
func (l *Layer) lacks(ctx context.Context, name string) bool {
	if _, ok := layerMembers[name]; ok {
		return false
	}
	f, known := l.tell(ctx, l.key(name))
	return known && f == nil
}

// goesOn says whether there is a field whose name goes on from this one's with a
// name: host after ip.src.
func (f *headerField) goesOn(it *Interp, name string) bool {
	if goes, asked := f.continued[name]; asked {
		return goes
	}
	catalogue := it.catalogue()
	names := catalogue
	if names == nil {
		names = dissect.NativeCatalogue()
	}
	goes := false
	for _, info := range names.Prefix(f.name) {
		rest := normalize(info.Name[len(f.name):])
		if rest == "_"+name || strings.HasPrefix(rest, "_"+name+"_") {
			goes = true
			break
		}
	}
	if catalogue != nil {
		f.continued[name] = goes
	}
	return goes
}

// hasTextMethod says, of a field that headers told of, that a name is a method of
// its text and of no field that goes on from here.
func (f *Field) hasTextMethod(name string) bool {
	if _, ours := textMethods[name]; !ours {
		if v, err := starlark.String(f.show).Attr(name); v == nil || err != nil {
			return false
		}
	}
	return !f.known.goesOn(f.layer.it, normalize(name))
}

// beginsOnly says that a name is no attribute of a layer, but the beginning of fields':
// src of arp.src.hw_mac and arp.src.proto_ipv4.
func beginsOnly(ctx context.Context, x starlark.Value, name string) bool {
	l, ok := x.(*Layer)
	if !ok || layerMembers[name].get != nil {
		return false
	}
	if f, known := l.tell(ctx, l.key(name)); known || f != nil {
		return false
	}
	w, err := l.whole(ctx)
	if err != nil {
		return false
	}
	_, begins := w.find(name).(*Prefix)
	return begins
}

// sayLacking answers hasattr and getattr about what a packet or layer surely
// lacks: the error that says what there is instead would dissect it. ok is false
// for all else.
func (it *Interp) sayLacking(builtin string, args starlark.Tuple) (v starlark.Value, ok bool) {
	if len(args) < 2 || builtin == "getattr" && len(args) < 3 {
		return nil, false
	}
	x, ok := args[0].(interface {
		lacks(ctx context.Context, name string) bool
	})
	if !ok {
		return nil, false
	}
	name, ok := starlark.AsString(args[1])
	switch {
	case !ok, !x.lacks(it.context(), name) && !beginsOnly(it.context(), args[0], name):
		return nil, false
	case builtin == "hasattr":
		return starlark.False, true
	}
	return args[2], true
}
