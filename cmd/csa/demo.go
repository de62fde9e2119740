package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"seedbook/service/demo"
)

func (a *app) demoCommand() *cobra.Command {
	options := demo.Default
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Load a demonstration program",
		Long: `Load a demonstration program: a city with twelve schools and a year of deposits,
matches, returns and statements, made by the same steps as real work. The same
size and seed give the same program. Loading one that is there changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			made, complete, err := demo.Find(cmd.Context(), s.db, options)
			if err != nil {
				return err
			}
			if complete {
				a.printf("%s is loaded already.\n", made.Program.Name)
				return nil
			}
			return s.loadDemo(cmd.Context(), options)
		},
	}
	cmd.Flags().IntVar(&options.Children, "children", options.Children, "how many children")
	cmd.Flags().Uint64Var(&options.Seed, "seed", options.Seed, "another number gives another program")
	return cmd
}

func (s *session) loadDemo(ctx context.Context, options demo.Options) error {
	began := time.Now()
	bar := s.progress()
	made, err := demo.Load(ctx, s.db, s.keys, options, func(step string) { bar.show("%s …", step) })
	bar.done()
	if err != nil {
		return fmt.Errorf("load the demonstration (start again to go on where it stopped): %w", err)
	}
	s.printf("%s is loaded: %d children, program code %s, in %.1f s.\n", made.Program.Name, options.Children, made.Program.Code, time.Since(began).Seconds())
	return nil
}
