package completion

import (
	"context"

	"pktsh/dissect"
)

// FieldProvider suggests what may stand in a display filter, and fields and
// protocols where they are an argument.
type FieldProvider struct {
	// Catalogue returns the fields and protocols, nil while they are not loaded.
	Catalogue func() *dissect.Catalogue
}

// Suggest implements [Provider].
func (p *FieldProvider) Suggest(_ context.Context, at Context) []Suggestion {
	if p.Catalogue == nil || at.Kind != KindFilter && !at.Wants(ArgField) {
		return nil
	}
	cat := p.Catalogue()
	if cat == nil {
		return nil
	}
	fields := cat.Prefix(at.Value)
	out := make([]Suggestion, 0, MaxSuggestions)
	for _, f := range fields[:min(len(fields), MaxSuggestions)] {
		out = append(out, Suggestion{Text: f.Name, Description: f.Label + "  " + string(f.Type)})
	}
	return out
}
