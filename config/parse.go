package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/xrash/smetrics"
)

// tables is the key that holds the providers' tables.
const tables = "provider"

// keyEnv is the one key of a provider that is not a setting.
const keyEnv = "key_env"

// ofProvider is what a provider's table may have: what depends on whom one asks.
// Prices are US dollars for a million tokens.
var ofProvider = []Setting{
	{Key: "base_url", Kind: Text}, {Key: "model", Kind: Text}, {Key: keyEnv, Kind: Text},
	{Key: "rpm", Kind: Whole}, {Key: "tpm", Kind: Whole}, {Key: "concurrency", Kind: Whole}, {Key: "timeout", Kind: Span},
	{Key: "price_in", Kind: Fraction}, {Key: "price_out", Kind: Fraction}, {Key: "price_cached_in", Kind: Fraction},
}

// envName is what a shell takes as the name of a variable.
var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Parse reads the text of a config file; path is for its errors, each an *Error.
//
// It goes over the text three times, so that an error's cause is certain without
// reading the TOML package's messages: is it TOML at all, has every known key a
// value of its kind, and is each value one that may stand there?
func Parse(settings []Setting, path string, data []byte) (File, error) {
	p := parser{path: path, data: data, settings: append(slices.Clone(settings), Setting{Key: DefaultProvider, Kind: Text})}
	if err := toml.Unmarshal(data, &map[string]any{}); err != nil {
		return File{}, p.notTOML(err)
	}
	doc, err := p.decode(plainTypes)
	if err != nil {
		return File{}, err
	}
	if _, err := p.decode(checkedTypes); err != nil {
		return File{}, err
	}
	return p.file(doc)
}

type parser struct {
	path     string
	data     []byte
	settings []Setting
}

// allowed are the settings that may stand at the top.
func (p parser) allowed() []Setting {
	return slices.DeleteFunc(slices.Clone(p.settings), func(s Setting) bool { return s.Refused != "" })
}

// decode reads the text into a struct that is made for the known keys: one
// pointer a setting, and last the map of providers' tables. A struct, because
// only of those the TOML package tells where an unknown key stands.
func (p parser) decode(types [List + 1]reflect.Type) (reflect.Value, error) {
	provider := reflect.MapOf(reflect.TypeFor[string](), reflect.StructOf(fieldsOf(ofProvider, types)))
	fields := append(fieldsOf(p.allowed(), types), reflect.StructField{
		Name: "Providers", Type: provider, Tag: `toml:"` + tables + `"`,
	})
	doc := reflect.New(reflect.StructOf(fields))
	err := toml.NewDecoder(bytes.NewReader(p.data)).DisallowUnknownFields().Decode(doc.Interface())
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		faults := make([]error, len(unknown.Errors))
		for i := range unknown.Errors {
			faults[i] = p.unknown(&unknown.Errors[i])
		}
		return doc, errors.Join(faults...)
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		return doc, p.wrongValue(wrong)
	}
	if err != nil {
		return doc, p.fault(0, "%s", err)
	}
	return doc.Elem(), nil
}

func fieldsOf(settings []Setting, types [List + 1]reflect.Type) []reflect.StructField {
	fields := make([]reflect.StructField, len(settings))
	for i, s := range settings {
		fields[i] = reflect.StructField{
			Name: fmt.Sprintf("Setting%d", i), Type: reflect.PointerTo(types[s.Kind]),
			Tag: reflect.StructTag(fmt.Sprintf("toml:%q", s.Key)),
		}
	}
	return fields
}

// file turns what was decoded into a File.
func (p parser) file(doc reflect.Value) (File, error) {
	values, err := p.values(p.allowed(), doc)
	if err != nil {
		return File{}, err
	}
	f := File{Path: p.path, Values: values, Providers: map[string]Provider{}}
	for entry := doc.FieldByName("Providers").MapRange(); entry.Next(); {
		name := entry.Key().String()
		values, err := p.values(ofProvider, entry.Value())
		if err != nil {
			return f, err
		}
		provider := Provider{Name: name, Path: p.path, Values: values}
		if env, ok := provider.Values[keyEnv]; ok {
			if !envName.MatchString(env[0]) {
				return f, p.fault(0, "key_env of provider %q takes the name of an environment variable, such as VLOCAL_API_KEY, not the key itself", name)
			}
			provider.KeyEnv = env[0]
			delete(provider.Values, keyEnv)
		}
		if url := provider.Values["base_url"]; len(url) == 0 || url[0] == "" {
			return f, p.fault(0, "provider %q has no base_url: where is it?", name)
		}
		f.Providers[name] = provider
	}
	return f, nil
}

// values gives what was decoded of a table: the fields that fieldsOf made.
func (p parser) values(settings []Setting, table reflect.Value) (Values, error) {
	values := Values{}
	for i, s := range settings {
		field := table.Field(i)
		if field.IsNil() {
			continue
		}
		switch v := field.Elem().Interface().(type) {
		case []string:
			values[s.Key] = v
		case float64:
			if math.IsInf(v, 0) || math.IsNaN(v) { // numbers to TOML, and to no one else
				return nil, p.fault(0, "%s takes %s", s.Key, takes[Fraction])
			}
			values[s.Key] = []string{strconv.FormatFloat(v, 'f', -1, 64)}
		default:
			values[s.Key] = []string{fmt.Sprint(v)}
		}
	}
	return values, nil
}

func (p parser) fault(line int, format string, args ...any) error {
	return &Error{Path: p.path, Line: line, Message: fmt.Sprintf(format, args...)}
}

// notTOML tells what the TOML package does not understand.
func (p parser) notTOML(err error) error {
	wrong, ok := errors.AsType[*toml.DecodeError](err)
	if !ok {
		return p.fault(0, "%s", err)
	}
	line, _ := wrong.Position()
	if key := wrong.Key(); len(key) > 0 && key[0] == tables {
		return p.fault(line, "%s. %s", strings.TrimPrefix(wrong.Error(), "toml: "), howProviders)
	}
	return p.fault(line, `%s. A line looks like: model = "llava"`, strings.TrimPrefix(wrong.Error(), "toml: "))
}

const howProviders = `A provider is a table, [provider.NAME]; the one to use is named by default_provider = "NAME"`

// unknown tells of a key that is none, and of the nearest one that is.
func (p parser) unknown(wrong *toml.DecodeError) error {
	line, _ := wrong.Position()
	path := wrong.Key()
	key, known, where := path[0], p.allowed(), ""
	if path[0] == tables && len(path) > 2 {
		key, known, where = path[2], ofProvider, fmt.Sprintf(" of provider %q", path[1])
	} else {
		known = append(known, Setting{Key: tables})
	}
	if isSecretKey(key) {
		return p.fault(line, "%q: %s", key, noKeys)
	}
	if i := slices.IndexFunc(p.settings, func(s Setting) bool { return s.Key == key && s.Refused != "" }); i >= 0 && where == "" {
		return p.fault(line, "%q cannot stand in a config file: %s", key, p.settings[i].Refused)
	}
	return p.fault(line, "there is no setting %q%s. Did you mean %q?", key, where, nearest(key, known))
}

// nearest gives the key that is most like a wrong one.
func nearest(key string, known []Setting) string {
	return slices.MaxFunc(known, func(a, b Setting) int {
		// Jaro-Winkler with its usual boost, as for flags.
		return cmp.Compare(smetrics.JaroWinkler(key, a.Key, 0.7, 4), smetrics.JaroWinkler(key, b.Key, 0.7, 4))
	}).Key
}

// wrongValue tells of a value that a known key does not take.
func (p parser) wrongValue(wrong *toml.DecodeError) error {
	line, _ := wrong.Position()
	path := wrong.Key()
	message := strings.TrimPrefix(wrong.Error(), "toml: ")
	if len(path) == 0 {
		return p.fault(line, "%s", message)
	}
	key, settings := path[0], p.allowed()
	if key == tables {
		if len(path) < 3 {
			return p.fault(line, "%s", howProviders)
		}
		key, settings = path[2], ofProvider
	}
	if reason, ours := strings.CutPrefix(message, mark); ours {
		return p.fault(line, "%s: %s", key, reason)
	}
	i := slices.IndexFunc(settings, func(s Setting) bool { return strings.EqualFold(s.Key, key) })
	if i < 0 {
		return p.fault(line, "%s: it has a value that it does not take", key)
	}
	return p.fault(line, "%s takes %s", key, takes[settings[i].Kind])
}
