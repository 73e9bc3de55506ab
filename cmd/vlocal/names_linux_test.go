package main

import (
	"database/sql"
	"encoding/csv"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"vlocal/internal/testimage"
)

// strangeNames are those that a file may have here: of any bytes but / and NUL, and
// up to 255 of them.
func strangeNames() []string {
	all := []string{
		"=1+1.jpg", "-rf.jpg", "--help.jpg", "a\nb.jpg", "tab\t.jpg", "cr\r.jpg", "esc\x1b[2J\x1b]0;x\x07.jpg",
		"<img src=x onerror=alert(1)><script>.jpg", "\xff\xfe.jpg", `\xff\xfe.jpg`, "\u202egpj.jpg", "c1\u009b31m.jpg",
		" .jpg", "space .jpg", "'; DROP TABLE jobs; --.jpg", "%41%00.jpg", "a?b#c.jpg", "a|b`c`$(d).jpg", "~.jpg",
		"ü.jpg", "u\u0308.jpg", "🙂.jpg", "x:y.jpg", `back\slash.jpg`, `"quoted", name.jpg`, "{{.Path}}.jpg", "a=b.jpg",
		strings.Repeat("n", 251) + ".jpg", strings.Repeat("\xff", 251) + ".jpg",
	}
	// Every byte there is, some to a name.
	for from := 1; from < 256; from += 32 {
		var b strings.Builder
		for c := from; c < min(from+32, 256); c++ {
			if c != '/' {
				b.WriteByte(byte(c))
			}
		}
		all = append(all, "all"+strconv.Itoa(from)+b.String()+".jpg")
	}
	return all
}

// photosNamed makes a picture of each name, no two the same.
func photosNamed(t *testing.T, dir string, names []string) {
	t.Helper()
	for n, name := range names {
		picture := testimage.JPEG(testimage.Landscape(24+n%40, 24+n/40), 80)
		if err := os.WriteFile(filepath.Join(dir, name), picture, 0o600); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
}

func TestNamesOfAnyBytesGoTheWholeWay(t *testing.T) {
	w := newWorkFolder(t, 0)
	t.Chdir(w.dir)
	names := strangeNames()
	photosNamed(t, "photos", names)
	does := func(want int, args ...string) string {
		t.Helper()
		w.said.Reset()
		if code := w.does(t.Context(), args...); code != want {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, want, &w.said)
		}
		if r, around := misleading(w.said.String()); r != 0 {
			t.Errorf("%q prints %U: %q", args, r, around)
		}
		return w.said.String()
	}
	for range 2 { // the second time nothing is to be asked
		does(exitDone, "run", "photos", "--prompt", "Is {{.Name}} right?", "--model", "builtin/pixels")
	}
	w.counts(t, `SELECT count(*) FROM results WHERE status = 'done'`, len(names))
	w.counts(t, `SELECT count(*) FROM attempts`, len(names))
	does(exitDone, "status")
	if listed := does(exitDone, "list", "--limit", "0"); strings.Count(listed, " done ") != len(names) {
		t.Errorf("listed %d of %d", strings.Count(listed, " done "), len(names))
	}
	for _, name := range names {
		does(exitDone, "show", filepath.Join(w.dir, "photos", name))
	}
	for _, file := range []string{"x.csv", "x.xlsx", "x.html", "x.jsonl", "x.md"} {
		if said := does(exitDone, "export", file); !strings.Contains(said, strconv.Itoa(len(names))+" rows in") {
			t.Errorf("%s: %s", file, said)
		}
	}
	formulaFree(t, "x.csv")
	formulaFreeWorkbook(t, "x.xlsx")
	scriptFree(t, "x.html")
	everyLineJSON(t, "x.jsonl")
	rows, err := csv.NewReader(strings.NewReader(contents(t, "x.csv"))).ReadAll()
	if err != nil || len(rows) != len(names)+1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	// The names of 255 bytes have no room for another ending; that is told, and the
	// others have their sidecars.
	said := does(exitError, "export", "--format", "xmp")
	sidecars, err := filepath.Glob("photos/*.xmp")
	if err != nil || len(sidecars) != len(names)-2 || strings.Count(said, "file name too long") != 2 {
		t.Errorf("%d sidecars of %d photos, %v: %s", len(sidecars), len(names), err, said)
	}
}

// counts compares a number in the database.
func (w *workFolder) counts(t *testing.T, statement string, want int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got int
	if err := db.QueryRow(statement).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s = %d, want %d", statement, got, want)
	}
}

// What is no picture, but is called like one, is neither waited for nor read to an
// end that it does not have; and the way round in a circle has one.
func TestWhatIsNoFileIsLeftOut(t *testing.T) {
	w := newWorkFolder(t, 1)
	t.Chdir(w.dir)
	if err := syscall.Mkfifo("photos/pipe.jpg", 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", "photos/socket.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for link, to := range map[string]string{
		"photos/zero.jpg": "/dev/zero", "photos/piped.jpg": "pipe.jpg", "photos/self.jpg": "self.jpg",
		"photos/up": "..", "photos/a": "b", "photos/b": "a", "photos/gone.jpg": "nowhere.jpg",
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	if code := w.does(t.Context(), "run", "photos", "--prompt", "?", "--model", "builtin/pixels"); code != exitDone {
		t.Errorf("exit code %d: %s", code, &w.said)
	}
	w.counts(t, `SELECT count(*) FROM images`, 1)
	w.counts(t, `SELECT count(*) FROM results WHERE status = 'done'`, 1)

	// A file that was a photo when it was found, and is something else when it is
	// read, fails alone.
	photosNamed(t, "photos", []string{"later.jpg", "device.jpg", "cut.jpg"})
	if code := w.does(t.Context(), "scan", "photos"); code != exitDone {
		t.Errorf("scan: %s", &w.said)
	}
	for _, name := range []string{"photos/later.jpg", "photos/device.jpg"} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("photos/later.jpg", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", "photos/device.jpg"); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate("photos/cut.jpg", 20); err != nil {
		t.Fatal(err)
	}
	w.said.Reset()
	if code := w.does(t.Context(), "run"); code != exitFailed {
		t.Errorf("exit code %d: %s", code, &w.said)
	}
	w.counts(t, `SELECT count(*) FROM results WHERE error_kind = 'unreadable'`, 2)
	w.counts(t, `SELECT count(*) FROM results WHERE error_kind = 'corrupt'`, 1)
}

// The system opens no path of more than 4,096 bytes. What lies deeper is told by
// name, and stops nothing else.
func TestPathsBeyondTheSystemsLimitAreTold(t *testing.T) {
	w := newWorkFolder(t, 1)
	t.Chdir(w.dir)
	top, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("d", 200)
	if err := os.Chdir("photos"); err != nil {
		t.Fatal(err)
	}
	for range 25 {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		photosNamed(t, ".", []string{"deep.jpg"})
		if err := os.Chdir(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chdir(top); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.said.Reset()
		if code := w.does(t.Context(), "run", "photos", "--prompt", "?", "--model", "builtin/pixels"); code != exitDone {
			t.Errorf("exit code %d: %s", code, &w.said)
		}
		if !strings.Contains(w.said.String(), "file name too long") {
			t.Errorf("said %s", &w.said)
		}
	}
	// 201 bytes a level, and deep.jpg lies in each.
	w.counts(t, `SELECT count(*) >= 19 FROM results WHERE status = 'done' AND path LIKE '%deep.jpg'`, 1)
	w.counts(t, `SELECT count(*) FROM results WHERE status <> 'done'`, 0)
}

// A folder of very many files is one folder.
func TestFolderWithManyEntries(t *testing.T) {
	w := newWorkFolder(t, 0)
	t.Chdir(w.dir)
	first := filepath.Join("photos", "0.jpg")
	if err := os.WriteFile(first, testimage.JPEG(testimage.Landscape(24, 24), 80), 0o600); err != nil {
		t.Fatal(err)
	}
	entries := often(5_000, 100_000)
	for n := 1; n < entries; n++ {
		if err := os.Symlink("0.jpg", filepath.Join("photos", strconv.Itoa(n)+".jpg")); err != nil {
			t.Fatal(err)
		}
	}
	if code := w.does(t.Context(), "scan", "photos"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, &w.said)
	}
	w.counts(t, `SELECT count(*) FROM images`, entries)
}
