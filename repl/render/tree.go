package render

import (
	"context"
	"strings"

	"pktsh/dissect"
	"pktsh/repl/result"
)

const (
	// treeIndent is the indent of a level, and maxTreeIndent the deepest there
	// is, both as tshark -V has them (epan/print.c, print_line).
	treeIndent    = 4
	maxTreeIndent = 160
)

func (r *Renderer) tree(ctx context.Context, t *result.Tree) error {
	return r.nodes(ctx, t.Tree, t.Nodes, 0)
}

// nodes prints nodes of t and what is below them, without the hidden ones.
// Undissected data is dumped below its line, as tshark -V does.
func (r *Renderer) nodes(ctx context.Context, t *dissect.Tree, nodes []*dissect.Field, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	indent := strings.Repeat(" ", min(depth*treeIndent, maxTreeIndent))
	for _, f := range nodes {
		if f == nil || f.Hidden {
			continue
		}
		look := r.pal.of(treeRole(f))
		var err error
		if f.Generated && !bracketed(f.Label) {
			err = r.out.line(indent, look.on, "[", Escape(f.Label), "]", look.off)
		} else {
			err = r.out.line(indent, look.on, Escape(f.Label), look.off)
		}
		if err == nil && t != nil && f.Protocol && f.Name == "data" {
			if payload := f.Bytes(t); len(payload) > 0 {
				r.out.line()
				err = r.hex(ctx, &result.Hex{Bytes: payload})
			}
		}
		if err == nil {
			err = r.nodes(ctx, t, f.Children, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// treeRole is the role of a node's line.
func treeRole(f *dissect.Field) result.Role {
	switch {
	case f.Severity == dissect.SeverityError:
		return result.RoleError
	case f.Severity == dissect.SeverityWarn:
		return result.RoleWarning
	case f.Severity == dissect.SeverityNote:
		return result.RoleNote
	case f.Generated:
		return result.RoleDim
	case f.Protocol:
		return result.RoleHeading
	}
	return result.RolePlain
}

// bracketed says whether label stands in brackets. Wireshark puts them round
// generated items when it shows them, not when it makes them: a label may come
// with or without.
func bracketed(label string) bool {
	return strings.HasPrefix(label, "[") && strings.HasSuffix(label, "]")
}
