package prompt_test

import (
	"path/filepath"
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/prompt"
)

var known = domain.Facts{Width: 4000, Height: 3000, TakenAt: "2024-05-01T12:33:00+02:00", Camera: "X100V", Format: "jpeg",
	Place: domain.Place{Latitude: 48.1, Longitude: 11.5, Known: true}}

func put(t *testing.T, text, image string, known domain.Facts) string {
	t.Helper()
	p, err := prompt.New(domain.Task{Prompt: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	task, err := p.Put(image, known)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return task.Prompt
}

func TestPromptHasTheFactsOfTheImage(t *testing.T) {
	file := filepath.FromSlash("/home/me/Secret/Sommer 2024/IMG_1.jpg")
	const question = "{{.Folder}}/{{.Name}} {{.Width}}x{{.Height}} {{.TakenAt}} {{.Camera}} {{.Lens}} {{.Format}}"
	for _, c := range []struct {
		prompt, image, want string
		known               domain.Facts
	}{
		{question, file, "Sommer 2024/IMG_1.jpg 4000x3000 2024-05-01T12:33:00+02:00 X100V unknown jpeg", known},
		{question, "https://host/a%20b/c.jpg?x=1", "a b/c.jpg unknownxunknown unknown unknown unknown unknown", domain.Facts{}},
		{"{{.Folder}} {{.Name}}", "https://host/", "unknown unknown", domain.Facts{}},
		{"{{.Name}}", filepath.FromSlash("/p/caf\xe9.jpg"), `caf\xe9.jpg`, known},
		{"{{if .TakenAt}}Taken {{.TakenAt}}. {{end}}What is it?", file, "What is it?", domain.Facts{}},
		{`{{if gt .Width .Height}}wide{{else}}high{{end}}{{if eq .Format "jpeg"}}!{{end}}`, file, "wide!", known},
		{`a JSON such as {{"{{"}}"a": 1}}`, file, `a JSON such as {{"a": 1}}`, known},
		{"no braces } { at all", file, "no braces } { at all", known},
	} {
		if got := put(t, c.prompt, c.image, c.known); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.prompt, c.image, got, c.want)
		}
	}
}

func TestSystemPromptIsATemplateToo(t *testing.T) {
	p, err := prompt.New(domain.Task{Prompt: "?", System: "It is called {{.Name}}."})
	if err != nil {
		t.Fatal(err)
	}
	task, err := p.Put(filepath.FromSlash("/p/a.jpg"), known)
	if err != nil || task.System != "It is called a.jpg." || task.Prompt != "?" {
		t.Errorf("%+v, %v", task, err)
	}
}

// A template that is none is refused before anything is asked, and so is one that
// could take more than it gives.
func TestPromptThatIsNoTemplateIsRefusedWithAdvice(t *testing.T) {
	for _, text := range []string{
		`answer as {{"a": 1}}`, "{{.Nothing}}", "{{", "{{.Latitude}}", "{{.Place}}", "{{.}}", "{{$}}", "{{.Name.Len}}",
		`{{printf "%999999999d" 1}}`, "{{range .Width}}x{{end}}", "{{range 999999999}}x{{end}}", "{{with .Name}}{{.}}{{end}}",
		`{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`, "{{$x := .Name}}{{$x}}", "{{len .Name}}", "{{html .Name}}", "{{if .Nothing}}{{end}}",
		"{{(.Name).Nothing}}", `{{if true}}{{call .Name}}{{end}}`,
		// They fail about every image, or about all of which something is known.
		`{{if gt .Width "x"}}a{{end}}`, "{{if .Camera}}{{lt .Camera 5}}{{end}}", "{{if not .Camera}}{{lt .Camera 5}}{{end}}",
	} {
		_, err := prompt.New(domain.Task{Prompt: text})
		if err == nil || !strings.Contains(err.Error(), `{{"{{"}}`) || !strings.Contains(err.Error(), "{{.TakenAt}}") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What fails about some images only is an error about the image.
func TestTemplateThatFailsIsAnErrorAboutTheImage(t *testing.T) {
	p, err := prompt.New(domain.Task{Prompt: `{{if eq .Name "a.jpg"}}{{gt .Width "x"}}{{end}}`})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Put("/p/a.jpg", known); domain.KindOf(err) != domain.BadRequest {
		t.Errorf("%v", err)
	}
}

func TestCopiesAreAskedApartWhereTheirNamesAreAsked(t *testing.T) {
	a, b, c := filepath.FromSlash("/p/x/a.jpg"), filepath.FromSlash("/p/y/a.jpg"), filepath.FromSlash("/p/x/b.jpg")
	for text, same := range map[string][2]bool{"{{.Name}}": {true, false}, "{{.Folder}}": {false, true}, "{{.Name}} {{if .Folder}}x{{end}}": {false, false}} {
		p, err := prompt.New(domain.Task{Prompt: text})
		if err != nil {
			t.Fatal(err)
		}
		part := p.Part()
		if got := [2]bool{part(a) == part(b), part(a) == part(c)}; got != same {
			t.Errorf("%s: %v, want %v", text, got, same)
		}
	}
	p, err := prompt.New(domain.Task{Prompt: "{{.Width}}", System: "x"})
	if err != nil || p.Part() != nil {
		t.Errorf("a question that has nothing of the path: %v", err)
	}
}

// FuzzTemplate holds what a template gives to about the length of what it has.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"{{.Name}} {{if .Width}}{{.Width}}{{end}}", `{{"{{"}}`, "{{/* c */}}", "{{- .Name -}}", "{{eq .Name .Folder}}", "{{.Name | eq .Folder}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := prompt.New(domain.Task{Prompt: text})
		if err != nil {
			return
		}
		task, err := p.Put(filepath.FromSlash("/p/x/a.jpg"), known)
		if err == nil && len(task.Prompt) > 8*len(text) {
			t.Errorf("%d bytes of %d", len(task.Prompt), len(text))
		}
	})
}
