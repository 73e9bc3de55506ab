package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/config"
)

// known are settings of every kind.
var known = []config.Setting{
	{Key: "model", Kind: config.Text, About: "ask the model called NAME"},
	{Key: "base_url", Kind: config.Text},
	{Key: "concurrency", Kind: config.Whole, Default: "25"},
	{Key: "budget", Kind: config.Fraction},
	{Key: "quiet", Kind: config.Switch, Default: "false"},
	{Key: "timeout", Kind: config.Span, Default: `"30s"`},
	{Key: "include", Kind: config.List},
	{Key: "prompt", Refused: "give it with --prompt"},
}

func TestFileGivesTheTextsThatFlagsTake(t *testing.T) {
	got, err := config.Parse(known, "vlocal.toml", []byte(`
default_provider = "there"
model = "llava"
concurrency = 1_000
budget = 5
quiet = true
timeout = "1m30s"
include = ["*.jpg", "{a,b}/**"]

[provider.here]
base_url = "http://localhost:11434/v1"
timeout = "5m"

[provider.there]
base_url = "https://example.com/v1"
model = "gpt"
key_env = "THERE_KEY"
rpm = 500
tpm = 200000
concurrency = 4
price_in = 0.15
price_out = 1
price_cached_in = 0.075
`))
	if err != nil {
		t.Fatal(err)
	}
	want := config.File{
		Path: "vlocal.toml",
		Values: config.Values{
			"default_provider": {"there"}, "model": {"llava"}, "concurrency": {"1000"}, "budget": {"5"},
			"quiet": {"true"}, "timeout": {"1m30s"}, "include": {"*.jpg", "{a,b}/**"},
		},
		Providers: map[string]config.Provider{
			"here": {Name: "here", Path: "vlocal.toml", Values: config.Values{
				"base_url": {"http://localhost:11434/v1"}, "timeout": {"5m"},
			}},
			"there": {Name: "there", Path: "vlocal.toml", KeyEnv: "THERE_KEY", Values: config.Values{
				"base_url": {"https://example.com/v1"}, "model": {"gpt"}, "rpm": {"500"}, "tpm": {"200000"},
				"concurrency": {"4"}, "price_in": {"0.15"}, "price_out": {"1"}, "price_cached_in": {"0.075"},
			}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestErrorTellsLineAndWhatToWrite(t *testing.T) {
	const at = "vlocal.toml:2: "
	for name, c := range map[string]struct{ line, want string }{
		"unknown key":            {`concurency = 3`, `there is no setting "concurency". Did you mean "concurrency"?`},
		"dash for underscore":    {`base-url = "x"`, `there is no setting "base-url". Did you mean "base_url"?`},
		"unknown table":          {`[providers.x]`, `there is no setting "providers". Did you mean "provider"?`},
		"a key that is refused":  {`prompt = "x"`, `"prompt" cannot stand in a config file: give it with --prompt`},
		"unknown, in a provider": {`provider.x.modell = "a"`, `there is no setting "modell" of provider "x". Did you mean "model"?`},
		"text for a whole":       {`concurrency = "3"`, `concurrency takes a whole number without quotes, such as 25`},
		"fraction for a whole":   {`concurrency = 2.5`, `concurrency takes a whole number without quotes, such as 25`},
		"whole for a text":       {`model = 3`, `model takes a text in quotes, such as "llava"`},
		"date for a text":        {`model = 2024-01-01`, `model takes a text in quotes, such as "llava"`},
		"text for a fraction":    {`budget = "5"`, `budget takes a number without quotes, such as 0.5`},
		"text for a switch":      {`quiet = "yes"`, `quiet takes true or false, without quotes`},
		"number for a span":      {`timeout = 30`, `timeout takes a time in quotes, such as "30s" or "2m"`},
		"a span that is none":    {`timeout = "30 seconds"`, `timeout: it takes a time in quotes, such as "30s" or "2m"`},
		"text for a list":        {`include = "*.jpg"`, `include takes a list of texts, such as ["*.jpg", "2024/**"]`},
		"number in a list":       {`include = ["*.jpg", 1]`, `include takes a list of texts, such as ["*.jpg", "2024/**"]`},
		"table for a text":       {`[model]`, `model takes a text in quotes, such as "llava"`},
		"wrong, in a provider":   {`provider.x.rpm = "many"`, `rpm takes a whole number without quotes, such as 25`},
		"text for providers":     {`provider = "x"`, `A provider is a table, [provider.NAME]; the one to use is named by default_provider = "NAME"`},
		"text for a provider":    {`provider.x = "y"`, `A provider is a table, [provider.NAME]; the one to use is named by default_provider = "NAME"`},
		"no quotes":              {`model = llava`, `A line looks like: model = "llava"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse(known, "vlocal.toml", []byte("# a comment\n"+c.line+"\n"))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); !strings.HasPrefix(got, at) || !strings.HasSuffix(got, c.want) {
				t.Errorf("got  %s\nwant %s...%s", got, at, c.want)
			}
		})
	}
}

func TestNumberThatIsNoneIsRefused(t *testing.T) {
	for _, line := range []string{"budget = inf", "budget = nan", "provider.x.price_in = -inf"} {
		_, err := config.Parse(known, "vlocal.toml", []byte(line))
		if err == nil || !strings.HasSuffix(err.Error(), "takes a number without quotes, such as 0.5") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestEveryUnknownKeyIsTold(t *testing.T) {
	_, err := config.Parse(known, "f", []byte("modle = 'x'\nmodel = 'x'\ntimeuot = '1s'\n"))
	want := "f:1: there is no setting \"modle\". Did you mean \"model\"?\n" +
		"f:3: there is no setting \"timeuot\". Did you mean \"timeout\"?"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestSecretsAreRefusedAndNotShown(t *testing.T) {
	const marked = "sk-MARKED0123456789abcdef"
	for _, line := range []string{
		`key = "MARKED"`, `api_key = "MARKED"`, `API-KEY = "MARKED"`, `token = "MARKED"`,
		`provider.x.key = "MARKED"`, `provider.x.apikey = "MARKED"`,
		`model = "` + marked + `"`, `include = ["*.jpg", "` + marked + `"]`,
		`provider.x.key_env = "` + marked + `"`,
		`provider.x.base_url = "https://me:MARKED@example.com/v1"`,
		`base_url = "https://example.com/v1?key=AIzaMARKEDMARKEDMARKED"`,
		`model = "Bearer MARKEDMARKED"`,
	} {
		_, err := config.Parse(known, "vlocal.toml", []byte("\n"+line+"\n"))
		if err == nil {
			t.Errorf("%s: no error", line)
			continue
		}
		if !strings.HasPrefix(err.Error(), "vlocal.toml:2: ") || !strings.Contains(err.Error(), "key_env") {
			t.Errorf("%s: %v", line, err)
		}
		if strings.Contains(err.Error(), "MARKED") {
			t.Errorf("%s: the error shows the key: %v", line, err)
		}
	}
	// Where the text cannot be read at all, it is not shown either.
	for _, text := range []string{marked, "model = " + marked, `"` + marked + `" = 1`, "[" + marked + "]\n[" + marked + "]"} {
		_, err := config.Parse(known, "vlocal.toml", []byte(text))
		if err == nil || strings.Contains(err.Error(), "MARKED") {
			t.Errorf("%s: %v", text, err)
		}
	}
	// The name of a variable must be one.
	_, err := config.Parse(known, "vlocal.toml", []byte("[provider.x]\nbase_url = 'http://x'\nkey_env = 'abc def MARKED'\n"))
	if err == nil || strings.Contains(err.Error(), "MARKED") {
		t.Errorf("%v", err)
	}
}

func TestProviderNeedsAnAddress(t *testing.T) {
	_, err := config.Parse(known, "vlocal.toml", []byte("[provider.x]\nmodel = 'a'\n"))
	if want := `vlocal.toml: provider "x" has no base_url: where is it?`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFirstFileWinsKeyByKeyAndProvidersWhole(t *testing.T) {
	near := write(t, "model = 'near'\n[provider.both]\nbase_url = 'http://near'\n[provider.one]\nbase_url = 'http://one'\n")
	far := write(t, "model = 'far'\nconcurrency = 3\n[provider.both]\nbase_url = 'http://far'\nkey_env = 'FAR'\n[provider.two]\nbase_url = 'http://two'\n")
	nowhere := filepath.Join(t.TempDir(), "vlocal.toml")
	files, err := config.Load(known, nowhere, near, far)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[0].Path != near || files[1].Path != far {
		t.Fatalf("read %+v", files)
	}
	value := func(key string) string {
		texts, path, ok := files.Value(key)
		if !ok {
			return "none"
		}
		return strings.Join(texts, ",") + " in " + path
	}
	got := []string{value("model"), value("concurrency"), value("budget")}
	if diff := cmp.Diff([]string{"near in " + near, "3 in " + far, "none"}, got); diff != "" {
		t.Error(diff)
	}
	want := config.Provider{Name: "both", Path: near, Values: config.Values{"base_url": {"http://near"}}}
	if both, ok := files.Provider("both"); !ok || !cmp.Equal(want, both) {
		t.Error(cmp.Diff(want, both))
	}
	if _, ok := files.Provider("three"); ok {
		t.Error("a provider that is nowhere was found")
	}
	if diff := cmp.Diff([]string{"both", "one", "two"}, files.ProviderNames()); diff != "" {
		t.Error(diff)
	}
}

func TestByteOrderMarkIsSkipped(t *testing.T) {
	if _, err := config.Load(known, write(t, "\xef\xbb\xbfmodel = 'x'\r\n")); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoConfigFileIsRefused(t *testing.T) {
	folder := t.TempDir()
	long := write(t, "# "+strings.Repeat("long ", 1<<18))
	for path, want := range map[string]string{folder: "this is not a file", long: "this is longer than"} {
		_, err := config.Load(known, path)
		fault, ok := errors.AsType[*config.Error](err)
		if !ok || fault.Path != path || !strings.HasPrefix(fault.Message, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// write makes a config file that its owner alone can write to.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vlocal.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSampleLoadsAsItIsAndWithEveryLineSet(t *testing.T) {
	sample := string(config.Sample(known))
	files, err := config.Load(known, write(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Values{}, files[0].Values); diff != "" {
		t.Errorf("the sample sets something: %s", diff)
	}
	want := []string{"holysheep", "llamacpp", "lmstudio", "ollama", "openai", "openrouter", "vllm"}
	if diff := cmp.Diff(want, files.ProviderNames()); diff != "" {
		t.Error(diff)
	}
	set := regexp.MustCompile(`(?m)^# (\w+ = )`).ReplaceAllString(sample, "$1")
	if files, err = config.Load(known, write(t, set)); err != nil {
		t.Fatal(err)
	}
	for _, s := range known {
		if _, _, ok := files.Value(s.Key); ok != (s.Refused == "") {
			t.Errorf("%s: in the sample: %v", s.Key, ok)
		}
	}
	if _, _, ok := files.Value(config.DefaultProvider); !ok {
		t.Error("the sample does not say how to choose a provider")
	}
}
