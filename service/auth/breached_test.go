package auth

import (
	"errors"
	"os"
	"testing"
)

func TestPasswordsOfPastBreachesAreRefused(t *testing.T) {
	if Breached() == 0 && os.Getenv("CI") == "true" {
		t.Fatal("the list is not made")
	}
	if Breached() == 0 {
		t.Skip("the list is not made: make design")
	}
	if n := Breached(); n < 400_000 {
		t.Errorf("%d breached passwords are known", n)
	}
	for password, want := range map[string]error{
		"lytdybrbdfvgbhf":               ErrCommon, // "Vampire diaries" on a Russian keyboard
		"whateverthewebstar1":           ErrCommon,
		"WhateverTheWebstar1!!":         ErrCommon,
		"2024 vfndtqrf 2024 2024":       ErrCommon, // a listed name and a year, three times
		"yfcnbyf29yflbyf13":             ErrCommon,
		good:                            nil,
		"butterfly elephant computer x": nil, // listed words, but several
		"tres gatos duermen al sol":     nil,
	} {
		if err := checkPassword(password, "ana.ruiz@riverbend.example", "Ana Ruiz", "City of Riverbend"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", password, err, want)
		}
	}
}

func TestAPersonsOwnWordsAreNoPassword(t *testing.T) {
	for _, password := range []string{"seedbook seedbook 1", "Ana.Ruiz@Riverbend.example", "ruizana ruizana ruiz", "CityOfRiverbend2026", "r1v3rb3nd c1ty 2026!"} {
		if err := checkPassword(password, "ana.ruiz@riverbend.example", "Ana Ruiz", "City of Riverbend"); !errors.Is(err, ErrCommon) {
			t.Errorf("%s: %v", password, err)
		}
	}
}
