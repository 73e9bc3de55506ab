// Package prompt puts a task's question about one image: its prompt and system
// prompt are templates, in which {{.Name}} and the like stand for what is known of
// the image. It imports nothing but the words of the domain.
package prompt

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"vlocal/domain"
)

// Facts are what a template may have of an image. What is not known reads as
// "unknown", and is false to {{if}}. Where the picture was taken is not among
// them: that never leaves this machine.
type Facts struct {
	// Name is the file's, Folder that of the folder that it is in.
	Name, Folder Text
	// TakenAt is in ISO 8601, Format such as "jpeg", all as domain.Facts has them.
	TakenAt, Camera, Lens, Format Text
	// Width and Height are in pixels.
	Width, Height Number
}

// Text is a fact that may be unknown: "".
type Text string

func (t Text) String() string {
	if t == "" {
		return "unknown"
	}
	return string(t)
}

// Number is a fact that may be unknown: 0.
type Number int

func (n Number) String() string {
	if n == 0 {
		return "unknown"
	}
	return fmt.Sprint(int(n))
}

// factsOf gives what is known of an image.
func factsOf(image string, known domain.Facts) Facts {
	name, folder := where(image)
	return Facts{
		Name: Text(name), Folder: Text(folder),
		TakenAt: Text(known.TakenAt), Camera: Text(known.Camera), Lens: Text(known.Lens), Format: Text(known.Format),
		Width: Number(known.Width), Height: Number(known.Height),
	}
}

// where gives the name of a file or of what a URL leads to, and that of its folder;
// never more of the path.
func where(image string) (name, folder string) {
	text := domain.PathText(image)
	if domain.IsURL(image) {
		u, err := url.Parse(image)
		if err != nil {
			return "", ""
		}
		return last(path.Base(u.Path)), last(path.Base(path.Dir(u.Path)))
	}
	return filepath.Base(text), last(filepath.Base(filepath.Dir(text)))
}

// last is the last part of a path; "" where there is none.
func last(base string) string {
	if base == "." || base == "/" || base == string(filepath.Separator) {
		return ""
	}
	return base
}

// Template is a task's question, ready to be put about any image. It is safe for
// many goroutines.
type Template struct {
	task domain.Task
	// nil where the text is no template.
	prompt, system *template.Template
	named, placed  bool
}

// New reads the templates of a task. Its error says what is wrong and how to write
// it.
func New(task domain.Task) (*Template, error) {
	t := &Template{task: task}
	var err error
	if t.prompt, err = t.read("the prompt", task.Prompt); err != nil {
		return nil, err
	}
	if t.system, err = t.read("the system prompt", task.System); err != nil {
		return nil, err
	}
	return t, nil
}

// names are those of the facts.
var names = []string{"Name", "Folder", "TakenAt", "Camera", "Lens", "Format", "Width", "Height"}

// anyFacts are those of some photo, to try a template with.
var anyFacts = Facts{
	Name: "photo.jpg", Folder: "Photos", TakenAt: "2024-05-01T12:33:00", Camera: "Camera", Lens: "Lens", Format: "jpeg",
	Width: 4000, Height: 3000,
}

const howTo = `write two braces that are none of a template as {{"{{"}}; the facts are {{.Name}}, {{.Folder}}, {{.TakenAt}}, {{.Width}}, {{.Height}}, {{.Camera}}, {{.Lens}} and {{.Format}}`

// read parses a text, if it is a template.
func (t *Template) read(what, text string) (*template.Template, error) {
	if !strings.Contains(text, "{{") {
		return nil, nil
	}
	read, err := template.New("prompt").Option("missingkey=error").Parse(text)
	if err == nil {
		err = t.check(read)
	}
	// What fails about all images is said once, and not as many failed rows.
	for _, facts := range []Facts{{}, anyFacts} {
		if err == nil {
			err = read.Execute(io.Discard, facts)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s has braces like a template, but is none: %s (%s)", what,
			strings.TrimPrefix(err.Error(), "template: "), howTo)
	}
	return read, nil
}

// Put gives the task as it is asked about an image, or an error about that image.
func (t *Template) Put(image string, known domain.Facts) (domain.Task, error) {
	task := t.task
	if t.prompt == nil && t.system == nil {
		return task, nil
	}
	facts := factsOf(image, known)
	for _, part := range []struct {
		*template.Template
		text *string
	}{{t.prompt, &task.Prompt}, {t.system, &task.System}} {
		if part.Template == nil {
			continue
		}
		var b strings.Builder
		if err := part.Execute(&b, facts); err != nil {
			return task, &domain.Error{
				Kind: domain.BadRequest, Op: "put the question", Object: domain.PathText(image),
				Err: errors.New(strings.TrimPrefix(err.Error(), "template: ")), Hint: "the prompt's template does not work with what is known of this image",
			}
		}
		*part.text = b.String()
	}
	return task, nil
}

// Part gives what the question has of an image's path, which is all that may differ
// between two files with the same bytes; nil if it has nothing of it.
func (t *Template) Part() func(path string) string {
	if !t.named && !t.placed {
		return nil
	}
	return func(path string) string {
		name, folder := where(path)
		if !t.named {
			name = ""
		}
		if !t.placed {
			folder = ""
		}
		return folder + "\x00" + name
	}
}
