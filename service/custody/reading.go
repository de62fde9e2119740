package custody

import (
	"bytes"
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/service/custody/bankfile"
	"seedbook/service/custody/bankfile/bai2"
	"seedbook/service/custody/bankfile/bankcsv"
	"seedbook/service/custody/bankfile/camt"
	"seedbook/service/custody/bankfile/nacha"
	"seedbook/service/custody/bankfile/ofx"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// sniff says which of the bank formats a file is written in, by how it begins;
// whatever is none of them may be CSV.
func sniff(data []byte) bankfile.Format {
	head := strings.TrimLeft(string(data[:min(len(data), 4096)]), "\ufeff \r\n\t")
	switch {
	case strings.HasPrefix(head, "01,"):
		return bankfile.BAI2
	case strings.HasPrefix(head, "101"):
		return bankfile.NACHA
	case strings.Contains(head, "OFXHEADER") || strings.Contains(head, "<OFX>"):
		return bankfile.OFX
	case strings.HasPrefix(head, "<"):
		return bankfile.Camt
	}
	return bankfile.CSV
}

// gives finds a kind of file that a custodian sends.
func (c Custodian) gives(format bankfile.Format) (FileKind, bool) {
	for _, f := range c.Files {
		if f.Gives && f.Format == string(format) {
			return f, true
		}
	}
	return FileKind{}, false
}

// read reads a file in the format it is in, if the custodian sends such files.
func read(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, c Custodian, name string, data []byte) (*bankfile.File, bankfile.Format, error) {
	format := sniff(data)
	kind, ok := c.gives(format)
	if !ok {
		return nil, format, ErrFormat.With(map[string]any{"format": string(format)})
	}
	r := bytes.NewReader(data)
	var f *bankfile.File
	var err error
	switch format {
	case bankfile.BAI2:
		f, err = bai2.Read(r, bankfile.Default)
	case bankfile.NACHA:
		f, err = nacha.Read(r, bankfile.Default)
	case bankfile.OFX:
		f, err = ofx.Read(r, bankfile.Default)
	case bankfile.Camt:
		f, err = camt.Read(r, bankfile.Default)
	default:
		profile := *kind.Profile
		for _, a := range c.Accounts {
			if a.Ends == profile.Account {
				if profile.Account, err = number(ctx, q, who, keys, c.ID, a); err != nil {
					return nil, format, err
				}
				break
			}
		}
		f, err = bankcsv.Read(name, r, profile, bankfile.Default)
	}
	return f, format, err
}

// holds are the contradictions for which a file waits until somebody has looked
// at it. The others say what was done about them.
func holds(f *bankfile.File) bool {
	for _, d := range f.Differs {
		if d.Code != bankfile.Repeated && d.Code != bankfile.Deletion {
			return true
		}
	}
	return false
}
