package forecast

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"seedbook/service/rules"
)

// Edit is a small change of a rule book: one key, one value.
type Edit struct {
	// Path leads from a benefit or shared cap, by its id, or from the book's top
	// to a key: "match.amount.ratio", "enrollment.opt_out_days".
	Path  string
	Value string
}

// ParseEdit reads "match.amount.ratio=0.75".
func ParseEdit(text string) (Edit, error) {
	path, value, ok := strings.Cut(text, "=")
	e := Edit{strings.TrimSpace(path), strings.TrimSpace(value)}
	if !ok || e.Path == "" || e.Value == "" || !strings.Contains(e.Path, ".") {
		return Edit{}, fmt.Errorf("%q: write a change like match.amount.ratio=0.75", text)
	}
	return e, nil
}

// String is the form that ParseEdit reads.
func (e Edit) String() string { return e.Path + "=" + e.Value }

// Apply returns a book with the change made, in the benefit and in whatever
// version of it has a value of its own there. The book given stays as it is.
func (e Edit) Apply(book *rules.Book) (*rules.Book, error) {
	decoder := json.NewDecoder(bytes.NewReader(book.Normal()))
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		return nil, fmt.Errorf("change %s: %w", e, err)
	}
	delete(root, "examples") // they speak of the book as it was
	keys := strings.Split(e.Path, ".")
	at, rest := root, keys
	for _, list := range []string{"benefits", "shared_caps"} {
		if item := itemOf(root[list], keys[0]); item != nil {
			at, rest = item, keys[1:]
		}
	}
	if err := set(at, rest, e.Value); err != nil {
		return nil, fmt.Errorf("change %s: %w", e, err)
	}
	versions, _ := at["by_version"].(map[string]any)
	for _, v := range versions {
		if own, ok := v.(map[string]any); ok && has(own, rest) {
			if err := set(own, rest, e.Value); err != nil {
				return nil, fmt.Errorf("change %s: %w", e, err)
			}
		}
	}
	source, err := json.Marshal(root)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", e, err)
	}
	changed, err := rules.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", e, err)
	}
	return changed, nil
}

// itemOf finds the item of a list that has an id.
func itemOf(list any, id string) map[string]any {
	items, _ := list.([]any)
	i := slices.IndexFunc(items, func(item any) bool {
		m, _ := item.(map[string]any)
		return m["id"] == id
	})
	if i < 0 {
		return nil
	}
	return items[i].(map[string]any)
}

// set puts a value under keys, and makes the mappings on the way.
func set(at map[string]any, keys []string, value string) error {
	for i, k := range keys[:len(keys)-1] {
		next, ok := at[k].(map[string]any)
		if !ok && at[k] != nil {
			return fmt.Errorf("%s has no keys of its own", strings.Join(keys[:i+1], "."))
		}
		if next == nil {
			next = map[string]any{}
			at[k] = next
		}
		at = next
	}
	at[keys[len(keys)-1]] = value
	return nil
}

// has reports that there is a value under keys.
func has(at map[string]any, keys []string) bool {
	for _, k := range keys[:len(keys)-1] {
		next, ok := at[k].(map[string]any)
		if !ok {
			return false
		}
		at = next
	}
	_, ok := at[keys[len(keys)-1]]
	return ok
}
