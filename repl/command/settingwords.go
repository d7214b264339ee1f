package command

// This file tells completion what set takes.

// SettingWords returns the settings with what they mean, in the order of set's list.
func SettingWords() [][2]string {
	var out [][2]string
	for _, s := range settings() {
		out = append(out, [2]string{s.name, s.meaning})
	}
	return out
}

// SettingChoices returns values of a setting with what they mean; nil for one that
// there is none of, or that takes no certain values.
func SettingChoices(name string) [][2]string {
	for _, s := range settings() {
		if s.name == name {
			return s.choices
		}
	}
	return nil
}
