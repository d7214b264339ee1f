package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pktsh/engine"
	"pktsh/engine/wireshark"
)

// This file completes pktsh's own command line in bash, zsh and fish. The script
// that a shell loads (--completions) asks pktsh itself what may follow, so that it
// knows this machine's interfaces and this Wireshark's fields; cobra has the
// scripts and the way they ask.

// completionShells are the shells that --completions knows.
func completionShells() []string { return []string{"bash", "zsh", "fish"} }

// writeCompletions writes the script that a shell loads.
func writeCompletions(w io.Writer, shell string) error {
	c := cobraCommand()
	switch shell {
	case "bash":
		if _, err := io.WriteString(w, withoutBashCompletion); err != nil {
			return err
		}
		return c.GenBashCompletionV2(w, true)
	case "zsh":
		return c.GenZshCompletion(w)
	case "fish":
		return c.GenFishCompletion(w, true)
	}
	return fmt.Errorf("no completions for %s; there are those for %s", shell, strings.Join(completionShells(), ", "))
}

// withoutBashCompletion stands in for what the script takes of the package
// bash-completion, where that is not loaded.
const withoutBashCompletion = `declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cword=$COMP_CWORD
    words=("${COMP_WORDS[@]}")
}
`

// isCompletion says that a shell's script asks what may follow.
func isCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// complete answers a shell's script.
func complete(args []string) int {
	c := cobraCommand()
	c.SetArgs(args)
	if err := c.Execute(); err != nil {
		return exitError
	}
	return exitOK
}

// cobraCommand shows the flags to cobra.
func cobraCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "pktsh", Args: cobra.ArbitraryArgs, SilenceErrors: true, SilenceUsage: true,
		Run: func(*cobra.Command, []string) {},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault // files
		},
	}
	c.CompletionOptions.DisableDefaultCmd = true
	fs, _ := flagSet(&options{})
	fs.VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		f.Usage = usage // without the quotes around the value's name
		c.Flags().AddFlag(f)
		if values := valuesOf(name); values != nil {
			_ = c.RegisterFlagCompletionFunc(f.Name, values) // fails for a flag that is not there, or twice
		}
	})
	return c
}

// valuesOf returns what completes a flag whose value has a name in its usage, nil
// for a file, which is the shell's own business, and for a flag without a value.
func valuesOf(name string) cobra.CompletionFunc {
	switch name {
	case "", "FILE":
		return nil
	case "IFACE":
		return fromSession(func(ctx context.Context, s *engine.Session, _ string) (out []cobra.Completion) {
			interfaces, _ := s.Interfaces(ctx) // none: nothing is offered
			for _, i := range interfaces {
				out = append(out, cobra.CompletionWithDesc(i.Name, i.Description))
			}
			return out
		})
	case "FIELD", "PROTOCOL":
		return fromSession(func(ctx context.Context, s *engine.Session, begun string) (out []cobra.Completion) {
			c, err := s.WaitCatalogue(ctx)
			if err != nil {
				return nil
			}
			for _, f := range c.Prefix(begun) {
				if name == "PROTOCOL" && f.Type != "PROTOCOL" { // Wireshark's own word for that type
					continue
				}
				if out = append(out, cobra.CompletionWithDesc(f.Name, f.Label)); len(out) == mostFields {
					break
				}
			}
			return out
		})
	}
	if words := strings.Split(name, "|"); len(words) > 1 {
		var open []cobra.Completion
		directive := cobra.ShellCompDirectiveNoFileComp
		for _, w := range words { // duration:S is completed up to its colon
			word, _, valued := strings.Cut(w, ":")
			if valued {
				word += ":"
				directive |= cobra.ShellCompDirectiveNoSpace
			}
			open = append(open, word)
		}
		return cobra.FixedCompletions(open, directive)
	}
	return cobra.NoFileCompletions
}

// mostFields is how many fields a shell is offered.
const mostFields = 400

// fromSession completes with what a session without a capture knows.
func fromSession(values func(ctx context.Context, s *engine.Session, begun string) []cobra.Completion) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		s := engine.NewSession(engine.Config{Tools: wireshark.Find(os.Getenv("PATH")), CacheDir: filepath.Join(xdg.CacheHome, "pktsh")})
		defer s.Close()
		return values(context.Background(), s, begun), cobra.ShellCompDirectiveNoFileComp
	}
}
