package main

import (
	"github.com/spf13/cobra"

	"seedbook/migrations"
)

func (a *app) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Long: `Bring the database's schema up to date. Running it again changes nothing.

With DATABASE_URL the named user must own the database, or may create tables in
it. Without, the program's own PostgreSQL is brought up to date.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.settings.DatabaseURL == "" {
				s, err := a.open(cmd.Context()) // brings its own server's schema up to date
				if err != nil {
					return err
				}
				s.close()
				a.printf("The schema is up to date.\n")
				return nil
			}
			if err := migrations.Up(cmd.Context(), a.settings.DatabaseURL, func(step string) { a.printf("%s\n", step) }); err != nil {
				return err
			}
			a.printf("The schema is up to date.\n")
			return nil
		},
	}
}
