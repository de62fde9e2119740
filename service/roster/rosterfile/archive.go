package rosterfile

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"seedbook/service/fault"
)

// Reasons to refuse a zip before anything in it is read.
var (
	// ErrZip reports a zip that is damaged.
	ErrZip = fault.New(fault.Invalid, "roster.zip_damaged")
	// ErrZipEncrypted reports a zip with a password.
	ErrZipEncrypted = fault.New(fault.Invalid, "roster.zip_encrypted")
	// ErrZipNested reports an archive in the zip; argument file.
	ErrZipNested = fault.New(fault.Invalid, "roster.zip_nested")
	// ErrZipName reports a name that points outside the zip, or a link.
	ErrZipName = fault.New(fault.Invalid, "roster.zip_name")
	// ErrZipTwice reports two files of one name; argument file.
	ErrZipTwice = fault.New(fault.Invalid, "roster.zip_twice")
	// ErrZipEntries reports more than maxEntries files; argument limit.
	ErrZipEntries = fault.New(fault.TooLarge, "roster.zip_entries")
	// ErrZipLarge reports files too large once unpacked; arguments file, limit.
	ErrZipLarge = fault.New(fault.TooLarge, "roster.zip_large")
	// ErrZipRatio reports a file that unpacks to over 100 times its size, as
	// only bombs do; argument file.
	ErrZipRatio = fault.New(fault.TooLarge, "roster.zip_ratio")
)

// What a zip may unpack to (reliability.md, T-33). Rosters pack about 10:1.
// Only the tables we need are ever unpacked, one at a time.
const (
	maxEntries = 1000
	maxEntry   = 64 << 20
	maxTotal   = 256 << 20
	maxRatio   = 100
	smallEntry = 64 << 10 // a file of a few rows may pack very well
)

// archive is a zip that has passed its checks, its files by lower-case name
// without folder.
type archive struct {
	entries map[string]*zip.File
}

func openArchive(text string) (*archive, error) {
	// Counted before the directory is built in memory: its own count may lie.
	if strings.Count(text, "PK\x01\x02") > maxEntries {
		return nil, ErrZipEntries.With(map[string]any{"limit": maxEntries})
	}
	z, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault.Because(ErrZip, err)
	}
	a := &archive{entries: make(map[string]*zip.File)}
	var total uint64
	for _, f := range z.File {
		if err := a.add(f); err != nil {
			return nil, err
		}
		if total += f.UncompressedSize64; total > maxTotal {
			return nil, tooLarge("", maxTotal)
		}
	}
	return a, nil
}

// add checks one entry of the directory and keeps it if it is a table.
func (a *archive) add(f *zip.File) error {
	file := shown(f.Name)
	switch {
	case !safeName(f.Name) || f.Mode()&fs.ModeSymlink != 0:
		return ErrZipName
	case strings.HasSuffix(f.Name, "/"), isLitter(f.Name):
		return nil
	case f.Flags&1 != 0:
		return ErrZipEncrypted
	case f.UncompressedSize64 > maxEntry:
		return tooLarge(file, maxEntry)
	case f.UncompressedSize64 > smallEntry && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return ErrZipRatio.With(map[string]any{"file": file})
	}
	name := strings.ToLower(path.Base(f.Name))
	switch path.Ext(name) {
	case ".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz":
		return ErrZipNested.With(map[string]any{"file": file})
	case ".csv":
	default:
		if name == "[content_types].xml" {
			return ErrSpreadsheet
		}
		return nil
	}
	if _, twice := a.entries[name]; twice {
		return ErrZipTwice.With(map[string]any{"file": file})
	}
	a.entries[name] = f
	return nil
}

func tooLarge(file string, bytes int) error {
	return ErrZipLarge.With(map[string]any{"file": file, "limit": bytes >> 20})
}

// safeName refuses names that point outside: we write nothing to a disk, but
// whoever packed such a zip meant harm.
func safeName(name string) bool {
	if name == "" || len(name) > 512 || strings.ContainsAny(name, "\\:\x00") || name[0] == '/' {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return false
		}
	}
	return true
}

// isLitter reports what a Mac puts into every zip.
func isLitter(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(path.Base(name), "._")
}

func (a *archive) has(name string) bool { return a.entries[strings.ToLower(name)] != nil }

// unpack returns the text of a table. Package zip stops where the directory
// said that the table ends, so the checks of add hold while unpacking too.
func (a *archive) unpack(name string) (string, error) {
	f := a.entries[strings.ToLower(name)]
	r, err := f.Open()
	if err != nil {
		return "", fault.Because(ErrZip, err)
	}
	defer r.Close()
	var b strings.Builder
	b.Grow(int(f.UncompressedSize64))
	if _, err := io.Copy(&b, r); err != nil {
		return "", fault.Because(ErrZip, err)
	}
	if strings.HasPrefix(b.String(), "PK\x03\x04") {
		return "", ErrZipNested.With(map[string]any{"file": shown(f.Name)})
	}
	return b.String(), nil
}

// shown is a name from outside as it may be shown.
func shown(name string) string {
	name = strings.ToValidUTF8(base(name), "�")
	if r := []rune(name); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return name
}
