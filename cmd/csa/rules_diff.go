package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"seedbook/service/rulebook"
	"seedbook/service/rules"
)

func (a *app) rulesDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff A B",
		Short: "Say in words what is different in the second of two rule books",
		Long: `Say in words what is different in the second of two rule books: what was added,
removed, changed or put into another order, each by the name of its benefit, tier,
version or fact, and what each book says of it in plain words. The console shows the
same. Layout and comments are no difference; where nothing else differs, or only
what people read, that is said.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.diffRules(args[0], args[1])
		},
	}
}

func (a *app) diffRules(from, to string) error {
	x, before, err := readBook(from)
	if err != nil {
		return err
	}
	y, after, err := readBook(to)
	if err != nil {
		return err
	}
	w, changes := a.words(), rulebook.Compare(a.words(), before, after, rulebook.Names{})
	for _, c := range changes {
		a.printf("%s\n", c.Phrase(w))
	}
	switch {
	case bytes.Equal(x, y):
		a.printf("%s\n", w.T("rules.diff.same"))
	case len(changes) == 0:
		a.printf("%s\n", w.T("rules.diff.layout"))
	case !slices.ContainsFunc(rules.Diff(before, after), func(c rules.Change) bool { return c.About == rules.Terms }):
		a.printf("%s\n", w.T("rules.diff.no_terms"))
	}
	return nil
}

func readBook(path string) ([]byte, *rules.Book, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	book, err := rules.Parse(source)
	if err != nil {
		return nil, nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return source, book, nil
}
