package pdf

import "strings"

// readsRightToLeft tells whether a language (BCP 47) is written from right to
// left, by its script where it names one.
func readsRightToLeft(lang string) bool {
	parts := strings.Split(strings.ToLower(lang), "-")
	for _, part := range parts[1:] {
		if len(part) == 4 {
			return part == "arab" || part == "hebr" || part == "syrc" || part == "thaa" || part == "nkoo"
		}
	}
	switch parts[0] {
	case "ar", "he", "iw", "fa", "prs", "ps", "ur", "yi", "ckb", "sd", "ug", "dv", "syr", "arc":
		return true
	}
	return false
}
