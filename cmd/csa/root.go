package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"seedbook/service/fault"
	"seedbook/service/i18n"
)

// streams are where a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// app is what every command shares.
type app struct {
	lookup   func(string) (string, bool)
	io       streams
	settings settings
}

// newRoot builds the program's words.
func newRoot(lookup func(string) (string, bool), io streams) *cobra.Command {
	a := &app{lookup: lookup, io: io}
	root := &cobra.Command{
		Use:   "csa",
		Short: "Run children's savings account programs",
		Long: `csa runs children's savings account programs: rosters, seed deposits, matches,
statements and the books behind them.

Settings come from the environment; README.md lists them.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) (err error) {
			a.settings, err = readSettings(lookup)
			return err
		},
	}
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetIn(io.in)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		a.serveCommand(), a.migrateCommand(), a.demoCommand(), a.userCommand(), a.programCommand(), a.fundCommand(), a.rosterCommand(), a.depositsCommand(), a.custodyCommand(), a.reconcileCommand(), a.factsCommand(),
		a.jobCommand(), a.statementCommand(), a.rulesCommand(), a.forecastCommand(), a.keyCommand(), a.verifyCommand(), a.sealCommand(), a.proofCommand(), a.exportCommand(), a.benchCommand(),
	)
	return root
}

// words are the catalogue in the language of the settings.
func (a *app) words() *i18n.Words { return i18n.For(a.settings.Lang) }

// printf writes to standard output.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.io.out, format, args...) }

// sentence is what a person reads of an error: a fault in the catalogue's
// words, each of its details on a line, anything else as it is.
func sentence(err error) string {
	f, ok := fault.Of(err)
	if !ok {
		return err.Error()
	}
	w := i18n.For("en")
	lines := []string{phrase(w, f)}
	for _, d := range f.Details {
		lines = append(lines, "  "+phrase(w, d))
	}
	return strings.Join(lines, "\n")
}

func phrase(w *i18n.Words, f *fault.Fault) string {
	if f.Field == "" {
		return w.Fault(f)
	}
	return f.Field + ": " + w.Fault(f)
}

// errUsage reports words on the command line that do not fit.
var errUsage = errors.New("see csa --help")

// progress shows how long work advances: on a terminal one line that changes,
// elsewhere nothing, so that logs stay readable.
type progress struct {
	out  io.Writer
	live bool
	last int
}

func (a *app) progress() *progress {
	f, ok := a.io.err.(interface{ Fd() uintptr })
	return &progress{out: a.io.err, live: ok && term.IsTerminal(int(f.Fd()))}
}

// show replaces the line.
func (p *progress) show(format string, args ...any) {
	if !p.live {
		return
	}
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(p.out, "\r%s%s", text, strings.Repeat(" ", max(0, p.last-len(text))))
	p.last = len(text)
}

// done clears the line.
func (p *progress) done() {
	if p.live {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.last))
	}
}

// inContext is a shorthand for commands that need the database.
type inContext func(ctx context.Context, s *session, args []string) error
