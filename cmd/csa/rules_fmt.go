package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"seedbook/service/rules"
)

func (a *app) rulesFmtCommand() *cobra.Command {
	var write bool
	cmd := &cobra.Command{
		Use:   "fmt FILE…",
		Short: "Lay rule books out as everybody's are",
		Long: `Lay rule books out as everybody's are: keys in the reference's order, amounts with
two decimals, comments where they stood. What a book says, and so its hash, stays
the same. Without -w the result is printed; with -w it is written back, and the
files that changed are named.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, path := range args {
				if err := a.formatRules(path, write); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write the result back into the files")
	return cmd
}

func (a *app) formatRules(path string, write bool) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := rules.Format(source)
	if err != nil {
		return fmt.Errorf("%s:\n%w", path, err)
	}
	if !write {
		a.printf("%s", out)
		return nil
	}
	if bytes.Equal(source, out) {
		return nil
	}
	a.printf("%s\n", path)
	return os.WriteFile(path, out, 0o644)
}

func (a *app) rulesSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write the JSON Schema of rule books",
		Long: `Write the JSON Schema of rule books, so that an editor can complete and check keys
while somebody writes one. The schema knows a book's shape; csa rules test knows
its sense as well.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.io.out.Write(rules.Schema())
			return err
		},
	}
}
