package completion

import "context"

// Words answers for the kinds of argument that only the session knows: frames,
// ranges, layers, captures, interfaces, streams, settings and their values,
// preferences, columns, help topics.
type Words interface {
	// Words returns what may stand for one kind of argument at this place; nil
	// for a kind that it does not know.
	Words(ctx context.Context, kind ArgKind, at Context) []Suggestion
}

// WordProvider suggests the session's own words.
type WordProvider struct {
	Words Words
}

// wordKinds are the kinds that [Words] is asked for.
const wordKinds = ArgFrame | ArgRange | ArgLayer | ArgCapture | ArgInterface | ArgStream | ArgHelp |
	ArgSetting | ArgSettingValue | ArgPreference | ArgColumn

// Suggest implements [Provider].
func (p WordProvider) Suggest(ctx context.Context, at Context) []Suggestion {
	if p.Words == nil || at.Kind == KindAttribute || at.Kind == KindName || at.Kind == KindCommandName {
		return nil
	}
	// In a filter they can only stand in place of it.
	if at.Kind == KindFilter && at.Start != at.Filter.Offset {
		return nil
	}
	var out []Suggestion
	for kind := ArgKind(1); kind <= wordKinds; kind <<= 1 {
		if kind&wordKinds != 0 && at.Wants(kind) {
			out = append(out, p.Words.Words(ctx, kind, at)...)
		}
	}
	return out
}
