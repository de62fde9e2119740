package migrations_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"seedbook/migrations/pgtest"
)

// The rules that every table, view and function of the schema obeys. Each is a
// query that returns what breaks it; README.md explains them.
var rules = []struct{ name, advice, query string }{
	{
		"a tenant's rows are kept from other tenants",
		"after CREATE TABLE write: SELECT tenant_table('<table>', 'SELECT, INSERT, …'); or, where the tenant is not known yet, say why: COMMENT ON TABLE <table> IS 'Has no row-level security: …'",
		`SELECT relname, '' FROM tables WHERE has_tenant AND NOT exempt AND NOT (relrowsecurity AND relforcerowsecurity AND policies > 0)`,
	}, {
		"a table without tenant_id says why",
		"add tenant_id integer NOT NULL, or COMMENT ON TABLE <table> IS 'Of no organization: …' (or 'Has no row-level security: …')",
		`SELECT relname, '' FROM tables WHERE NOT has_tenant AND NOT exempt`,
	}, {
		"tenant_id is a required integer",
		"declare it: tenant_id integer NOT NULL",
		`SELECT t.relname, '' FROM tables t JOIN columns c ON c.table_oid = t.oid AND c.name = 'tenant_id' WHERE NOT c.required OR c.type <> 'integer'`,
	}, {
		"a view shows what its reader may see, not what its owner may",
		"write: CREATE VIEW … WITH (security_invoker = true); a materialized view cannot, so make it a table",
		`SELECT relname, '' FROM pg_class WHERE relnamespace = 'public'::regnamespace
		 AND (relkind = 'm' OR relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false))`,
	}, {
		"a unique key of a tenant's table begins with tenant_id or book_id, or is a generated id alone",
		"otherwise the refusal of a duplicate tells one tenant what another has, and the table cannot be distributed: put tenant_id first",
		`SELECT t.relname, i.relname
		 FROM tables t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
		 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
		 WHERE t.has_tenant AND NOT t.exempt AND x.indisunique
		   AND a.attname NOT IN ('tenant_id', 'book_id')
		   AND NOT (x.indnkeyatts = 1 AND a.attidentity <> '')`,
	}, {
		"a reference between tenants' tables carries the tenant or the book",
		"otherwise a row can point at another tenant's: FOREIGN KEY (tenant_id, x_id) REFERENCES xs (tenant_id, id)",
		`SELECT t.relname, f.conname
		 FROM tables t JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
		 JOIN tables other ON other.oid = f.confrelid
		 WHERE t.has_tenant AND other.has_tenant AND NOT EXISTS (
			SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (f.conkey) AND a.attname IN ('tenant_id', 'book_id'))`,
	}, {
		"a constraint is named for its table",
		"write: CONSTRAINT <table>_<what>_check (or _key, _fkey, _pkey), so that an error says which rule of which table",
		`SELECT t.relname, c.conname FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid
		 WHERE NOT starts_with(c.conname, t.relname || '_') OR c.conname ~ '_(check|key|fkey)[0-9]+$'`,
	}, {
		"money is numeric(18,2)",
		"declare money numeric(18,2); another numeric says in its COMMENT what it is: a rate, ratio, share, weight, price or number of units",
		`SELECT t.relname, c.name || ' ' || c.type FROM tables t JOIN columns c ON c.table_oid = t.oid
		 WHERE c.type LIKE 'numeric%' AND c.type <> 'numeric(18,2)' AND coalesce(c.comment, '') !~* '(rate|ratio|share|weight|price|units)'
		    OR c.type IN ('real', 'double precision', 'money')`,
	}, {
		"an amount is a number",
		"'NaN' passes CHECK (amount > 0): add AND amount <> 'NaN' to its CHECK",
		`SELECT t.relname, a.attname FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.atttypid = 'numeric'::regtype
		 WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND a.attnum = ANY (k.conkey) AND pg_get_constraintdef(k.oid) LIKE '%NaN%')
		   AND NOT (t.relname LIKE 'ledger\_%' AND a.attname IN ('balance', 'balance_after', 'floor')) -- sums of amounts that were checked`,
	}, {
		"an instant is timestamptz",
		"declare instants timestamptz and days date",
		`SELECT t.relname, c.name || ' ' || c.type FROM tables t JOIN columns c ON c.table_oid = t.oid WHERE c.type LIKE 'time%without time zone' OR c.type LIKE 'time with%'`,
	}, {
		"an amount or instant has a comment with its unit and sign, or what it is the instant of",
		"write: COMMENT ON COLUMN <table>.<column> IS '…'",
		`SELECT t.relname, c.name FROM tables t JOIN columns c ON c.table_oid = t.oid
		 WHERE (c.type LIKE 'numeric%' OR c.type = 'timestamp with time zone') AND coalesce(c.comment, '') = ''`,
	}, {
		"a write does not read the clock or roll dice",
		"time and chance are arguments, so that a run can be repeated: drop the DEFAULT",
		`SELECT t.relname, a.attname || ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
		 FROM tables t JOIN pg_attrdef d ON d.adrelid = t.oid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.adnum
		 WHERE pg_get_expr(d.adbin, d.adrelid) ~* '(now\(\)|CURRENT_|clock_timestamp|statement_timestamp|random|uuid)'`,
	}, {
		"only the named roles have rights, and none too many",
		"PUBLIC gets nothing; csa_report and csa_backup only SELECT; csa_app no TRUNCATE, REFERENCES or TRIGGER",
		`SELECT DISTINCT t.relname, coalesce(r.rolname, 'PUBLIC') || ' ' || g.privilege_type
		 FROM tables t JOIN pg_class c ON c.oid = t.oid CROSS JOIN LATERAL aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
		 WHERE g.grantee <> c.relowner AND NOT (
			r.rolname = 'csa_app' AND g.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
			OR r.rolname IN ('csa_report', 'csa_backup') AND g.privilege_type = 'SELECT')`,
	}, {
		"an append-only table grants no change",
		"leave UPDATE and DELETE out of the privileges",
		`SELECT t.relname, g.privilege_type FROM tables t JOIN pg_class c ON c.oid = t.oid
		 JOIN pg_trigger tr ON tr.tgrelid = t.oid AND tr.tgname = 'append_only' CROSS JOIN LATERAL aclexplode(c.relacl) g
		 WHERE g.grantee <> c.relowner AND g.privilege_type IN ('UPDATE', 'DELETE')`,
	}, {
		"a function that runs with its owner's rights fixes its search_path",
		"write: SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp; otherwise the caller chooses what its names mean",
		`SELECT proname, '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
		 AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%')`,
	},
}

// catalogue gives the rules short names for what they ask about.
const catalogue = `
	CREATE TEMP VIEW columns AS
	SELECT attrelid AS table_oid, attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS required,
	       col_description(attrelid, attnum) AS comment
	FROM pg_attribute
	WHERE attnum > 0 AND NOT attisdropped;
	CREATE TEMP VIEW tables AS
	SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity,
	       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
	       EXISTS (SELECT FROM columns WHERE table_oid = c.oid AND name = 'tenant_id') AS has_tenant,
	       coalesce(obj_description(c.oid, 'pg_class') ~ '(Has no row-level security|Of no organization): ', false) AS exempt
	FROM pg_class c
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'schema_migrations'`

func TestTheSchemaObeysTheHouseRules(t *testing.T) {
	db := open(t, pgtest.New(t))
	db.SetMaxOpenConns(1) // the views are the session's
	exec(t, db, catalogue)
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, found := range broken(t, db, rule.query) {
				t.Errorf("%s\n  so %s", found, rule.advice)
			}
		})
	}
}

func broken(t *testing.T, db *sql.DB, query string) (found []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var table, what string
		if err := rows.Scan(&table, &what); err != nil {
			t.Fatal(err)
		}
		found = append(found, strings.TrimSpace(table+": "+what))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// TestTheRulesSeeWhatBreaksThem breaks each rule once.
func TestTheRulesSeeWhatBreaksThem(t *testing.T) {
	db := open(t, pgtest.New(t))
	db.SetMaxOpenConns(1)
	exec(t, db, catalogue)
	exec(t, db, `
		CREATE TABLE bad (tenant_id bigint, name text UNIQUE, price_paid numeric(14,2), at timestamptz DEFAULT now(), naive timestamp,
		                  CONSTRAINT odd CHECK (name <> ''));
		CREATE TABLE bad_orphans (n integer);
		CREATE TABLE bad_notes (tenant_id integer NOT NULL, bad text REFERENCES bad (name));
		SELECT append_only('bad_notes');
		GRANT UPDATE ON bad_notes TO csa_app;
		GRANT TRUNCATE ON bad TO csa_app;
		CREATE VIEW bad_view AS SELECT 1 AS one;
		CREATE FUNCTION bad_definer() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`)
	for _, rule := range rules {
		found := broken(t, db, rule.query)
		if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, "bad") }) {
			t.Errorf("%q does not see what breaks it, but %q", rule.name, found)
		}
	}
}

// described is a table as its migration introduces it.
type described struct{ name, owner, what, file string }

var (
	createTable = regexp.MustCompile(`(?m)^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)`)
	ownerLine   = regexp.MustCompile(`\s*Owner: ((?:service/)?[a-z]+)\.$`)
)

// introduced reads the comment above each CREATE TABLE.
func introduced(t *testing.T) (tables []described) {
	t.Helper()
	files, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range createTable.FindAllSubmatchIndex(b, -1) {
			d := described{name: string(b[at[2]:at[3]]), file: file}
			d.what, d.owner = comment(string(b[:at[0]]))
			tables = append(tables, d)
		}
	}
	return tables
}

// comment is the block of comment lines at the end of a text, and the owner it
// ends with.
func comment(before string) (what, owner string) {
	var words []string
	lines := strings.Split(strings.TrimSuffix(before, "\n"), "\n")
	for i := len(lines) - 1; i >= 0 && strings.HasPrefix(lines[i], "--"); i-- {
		words = append(words, strings.TrimSpace(strings.TrimPrefix(lines[i], "--")))
	}
	slices.Reverse(words)
	what = strings.Join(words, " ")
	if m := ownerLine.FindStringSubmatch(what); m != nil {
		return strings.TrimSpace(ownerLine.ReplaceAllString(what, "")), m[1]
	}
	return what, ""
}

func TestEveryTableSaysWhatItIsAndWhoOwnsIt(t *testing.T) {
	for _, d := range introduced(t) {
		if d.owner == "" || d.what == "" {
			t.Errorf("%s: above CREATE TABLE %s say what one row is and end with: Owner: service/<room>. (or ledger, jobs)", d.file, d.name)
		}
	}
}

// unnamed finds a CHECK or table-level UNIQUE without CONSTRAINT name before it.
// PostgreSQL's own names for the rest (…_pkey, …_fkey) say enough.
var (
	checks  = regexp.MustCompile(`(?i)(CONSTRAINT\s+\w+\s+|WITH\s+)?\b(CHECK)\s*\(`)
	uniques = regexp.MustCompile(`(?i)(CONSTRAINT\s+\w+\s+|CREATE\s+)?\b(UNIQUE)\b\s*(?:NULLS|\(|,|INDEX|$)`)
	asides  = regexp.MustCompile(`--.*|'(?:[^']|'')*'`)
)

func TestEveryCheckAndUniqueKeyIsNamed(t *testing.T) {
	files, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := asides.ReplaceAllString(string(b), "")
		for _, kind := range []*regexp.Regexp{checks, uniques} {
			for _, m := range kind.FindAllStringSubmatchIndex(text, -1) {
				if m[2] < 0 {
					word, line := text[m[4]:m[5]], 1+strings.Count(text[:m[4]], "\n")
					t.Errorf("%s:%d: %s without a name; write CONSTRAINT <table>_<what>_%s before it", file, line, word, suffix(word))
				}
			}
		}
	}
}

func suffix(kind string) string {
	return map[string]string{"CHECK": "check", "UNIQUE": "key"}[strings.ToUpper(kind)]
}

// TestGeneratedTableList keeps README.md's list of tables true.
func TestGeneratedTableList(t *testing.T) {
	const file, begin, end = "README.md", "<!-- tables -->\n", "<!-- /tables -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost its marks %q and %q", file, begin, end)
	}
	want := head + begin + tableList(introduced(t)) + end + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(b) != want {
		t.Errorf("the list of tables in migrations/README.md is out of date: run  go test ./migrations -run Generated -update")
	}
}

func tableList(tables []described) string {
	var b strings.Builder
	b.WriteString("\n| table | owner | one row is | since |\n|---|---|---|---|\n")
	for _, d := range tables {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.name, d.owner, strings.ReplaceAll(d.what, "|", `\|`), strings.TrimSuffix(d.file, ".sql"))
	}
	b.WriteString("\n")
	return b.String()
}
