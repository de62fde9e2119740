package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"seedbook/service/rules"
)

func (a *app) rulesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Rule books"}
	cmd.AddCommand(
		a.rulesTestCommand(), a.rulesLintCommand(), a.rulesFmtCommand(), a.rulesDiffCommand(), a.rulesSchemaCommand(),
		a.rulesTryCommand(), a.rulesExplainCommand(),
	)
	return cmd
}

func (a *app) rulesTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE…",
		Short: "Run the examples that rule books carry",
		Long: `Run the examples that rule books carry and print how many passed and failed, each
failure with its explanation. A book that cannot be read is refused with every
problem in it, by line.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			passed, failed := 0, 0
			for _, path := range args {
				report, err := testRules(path)
				if err != nil {
					return err
				}
				for _, f := range report.Failures {
					a.printf("%s: %s\n", path, f)
					for _, line := range f.Explain(a.words()) {
						a.printf("    %s\n", line)
					}
				}
				passed, failed = passed+report.Passed, failed+report.Failed
			}
			a.printf("%d passed, %d failed\n", passed, failed)
			if failed > 0 {
				return fmt.Errorf("%d examples failed", failed)
			}
			return nil
		},
	}
}

func testRules(path string) (rules.Report, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return rules.Report{}, err
	}
	book, err := rules.Parse(source)
	if err != nil {
		return rules.Report{}, fmt.Errorf("%s:\n%w", path, err)
	}
	return rules.Test(book), nil
}
