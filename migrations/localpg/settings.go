package localpg

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"sort"
	"strconv"
	"strings"
)

const mb = 1 << 20

// settings are the command line of the server.
func (s *Server) settings() []string {
	set := map[string]string{
		"listen_addresses":        "",
		"port":                    port,
		"unix_socket_directories": s.socket,
		"unix_socket_permissions": "0700",
		"max_connections":         strconv.Itoa(cmp.Or(s.cfg.Connections, 100)),
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C",
		"jit":                     "off", // our statements are short; compiling them costs more than it saves
		"random_page_cost":        "1.1", // disks without heads
		// A log must not hold what people wrote about themselves: no statement,
		// no parameter, no DETAIL line, and not the errors, which quote values;
		// those go to the program, which knows what it may write down.
		"log_min_messages":                  "log",
		"log_statement":                     "none",
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
		"log_error_verbosity":               "terse",
		"log_min_error_statement":           "panic",
		"log_min_duration_statement":        "-1",
	}
	maps.Copy(set, sizes(memory()))
	if s.cfg.Durable {
		maps.Copy(set, durable)
	} else {
		maps.Copy(set, disposable)
	}
	if s.cfg.Watched {
		maps.Copy(set, watched)
	}
	return commandLine(set)
}

// watched counts statements, with their constants left out. The view that shows
// the counts is CREATE EXTENSION pg_stat_statements.
var watched = map[string]string{
	"shared_preload_libraries":          "pg_stat_statements",
	"pg_stat_statements.track_planning": "on",
	"pg_stat_statements.track":          "top",
	"compute_query_id":                  "on",
}

// durable keeps every answered commit, and writes its log day by day for a week.
var durable = map[string]string{
	"fsync":                        "on",
	"synchronous_commit":           "on",
	"full_page_writes":             "on",
	"max_wal_size":                 "2GB",
	"min_wal_size":                 "256MB",
	"checkpoint_timeout":           "15min",
	"checkpoint_completion_target": "0.9",
	"logging_collector":            "on",
	"log_directory":                "log",
	"log_filename":                 "server-%a.log",
	"log_rotation_age":             "1d",
	"log_rotation_size":            "0",
	"log_truncate_on_rotation":     "on",
	"log_line_prefix":              "%m [%p] ",
}

// disposable is fast and forgets everything in a crash.
var disposable = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"wal_level":          "minimal",
	"max_wal_senders":    "0",
	"shared_buffers":     "128MB",
	"max_wal_size":       "1GB",
	"checkpoint_timeout": "1h",
	"autovacuum":         "on",
}

// sizes fits the server's memory to the machine's, which it shares with the
// program: on 4 GB, 512 MB of cache.
func sizes(total int64) map[string]string {
	return map[string]string{
		"shared_buffers":       megabytes(clamp(total/8, 128*mb, 2048*mb)),
		"effective_cache_size": megabytes(clamp(total/2, 512*mb, 32768*mb)),
		"maintenance_work_mem": megabytes(clamp(total/32, 64*mb, 512*mb)),
		"work_mem":             megabytes(clamp(total/256, 4*mb, 32*mb)),
		"wal_buffers":          "16MB",
	}
}

// memory is what the machine, or the container, has, in bytes; 2 GB if it does
// not say.
func memory() int64 {
	total := int64(2048 * mb)
	if f, err := os.Open("/proc/meminfo"); err == nil {
		defer f.Close()
		for sc := bufio.NewScanner(f); sc.Scan(); {
			if fields := strings.Fields(sc.Text()); len(fields) > 1 && fields[0] == "MemTotal:" {
				total = int64(atoi(fields[1])) << 10
			}
		}
	}
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
			total = min(total, limit)
		}
	}
	return total
}

func clamp(n, low, high int64) int64 { return max(low, min(n, high)) }
func megabytes(n int64) string       { return strconv.FormatInt(n/mb, 10) + "MB" }

func commandLine(set map[string]string) []string {
	var args []string
	for name, value := range set {
		args = append(args, fmt.Sprintf("--%s=%s", strings.ReplaceAll(name, "_", "-"), value))
	}
	sort.Strings(args)
	return args
}
