package vision

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/internal/proxy"
)

const (
	markedKey = "sk-marked-0123456789abcdefghijkl"
	otherKey  = "sk-second-ZYXWVUTSRQPONMLKJIHGFE"
)

// tells gives a part of a secret, of minPart characters, that stands in a text; ""
// if none does.
func tells(text string, secrets ...string) string {
	for _, secret := range secrets {
		for i := range len(secret) - minPart + 1 {
			if part := secret[i : i+minPart]; strings.Contains(text, part) {
				return part
			}
		}
	}
	return ""
}

// repeats asks a server that says a status and a text, with keys, and gives all
// that came of it.
func repeats(t *testing.T, status int, text string, secrets ...string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	defer s.Close()
	var decided []domain.Decision
	o := Options{BaseURL: s.URL, Decided: func(d domain.Decision) { decided = append(decided, d) }}
	for _, secret := range secrets {
		o.Keys = append(o.Keys, domain.NewKey(secret))
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Ask(t.Context(), domain.Permit{}, domain.Question{Task: domain.Task{Model: "m", Prompt: "x", Parameters: domain.Parameters{MaxTokens: 5}}, Picture: domain.Picture{}})
	return fmt.Sprintf("%+v\n%v\n%+v\n%+v", answer, err, err, decided)
}

// A server may cut the key, or the client may, or it stands in a form of its own.
func TestNoPartOfAKeyIsTold(t *testing.T) {
	long := "eyJ" + strings.Repeat("abcdefghijklmnopqrstuvwxyz.0123456789", 80) // 3 KB: a signed token
	quoted := func(text string) string {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	says := func(message string) string { return `{"error":{"message":` + quoted(message) + `}}` }
	answers := func(content, finish string) string {
		return `{"model":"m","choices":[{"finish_reason":` + quoted(finish) + `,"message":{"content":` + quoted(content) + `}}]}`
	}
	slashed := "sk+marked/0123456789abcdef/ghijklmnopqr+"
	for name, c := range map[string]struct {
		status int
		text   string
	}{
		"the whole":                         {401, says("Incorrect API key provided: " + markedKey)},
		"cut by the server":                 {401, says("Incorrect API key provided: " + markedKey[:20])},
		"its end only":                      {401, says("Incorrect API key provided: ***" + markedKey[14:])},
		"another key":                       {401, says("not " + otherKey)},
		"one inside the other":              {401, says("Bearer " + markedKey + otherKey)},
		"broken at the end of a line":       {401, says("wrong: " + markedKey[:16] + "\r\n   " + markedKey[16:])},
		"with an invisible character":       {401, says("wrong: " + markedKey[:7] + "\u200b" + markedKey[7:14] + "\u00ad" + markedKey[14:])},
		"longer than what is looked at":     {401, says("wrong: " + long)},
		"often, then cut":                   {401, says(strings.Repeat(markedKey+" ", 200))},
		"long and often, then cut":          {401, says(strings.Repeat(long[:700]+" ", 20))},
		"at the end of a quotation":         {400, says(strings.Repeat("x", 286) + markedKey)},
		"cut at the end of a quotation":     {400, says(strings.Repeat("x", 286) + markedKey[:24])},
		"in what a gateway hands on":        {502, `{"error":{"message":"Provider returned error","metadata":{"raw":` + quoted(says(markedKey)) + `,"provider_name":` + quoted(markedKey) + `}}}`},
		"in a list of what is wrong":        {422, `{"detail":[{"loc":["header",` + quoted(markedKey) + `],"msg":` + quoted(markedKey) + `}]}`},
		"in JSON that is not understood":    {200, `{"headers":{"Authorization":` + quoted("Bearer "+markedKey) + `}}`},
		"escaped as PHP does, in JSON":      {200, `{"key":"` + strings.ReplaceAll(slashed, "/", `\/`) + `"}`},
		"escaped for an address":            {401, says("?key=" + url.QueryEscape(slashed))},
		"escaped in JSON":                   {401, `{"error":{"message":"\u0073` + markedKey[1:] + `"}}`},
		"in a page":                         {403, "<!doctype html><title>403 for " + markedKey + "</title>"},
		"in a page, escaped":                {403, "<!doctype html><title>403 for " + strings.NewReplacer("+", "&#43;", "/", "&#x2F;").Replace(slashed) + "</title>"},
		"as text":                           {500, "panic: Authorization: Bearer " + markedKey},
		"in the answer":                     {200, answers("Your key is "+markedKey+" and "+otherKey[:20], "stop")},
		"in the answer, cut at the limit":   {200, answers("Your key is "+markedKey[:25], "length")},
		"as the reason of the end":          {200, answers("hi", markedKey)},
		"invisibly broken, not in an error": {200, answers("hi", markedKey[:7]+"\u200b"+markedKey[7:14]+"\u00ad"+markedKey[14:])},
		"as the model's name":               {200, `{"model":` + quoted(markedKey) + `,"choices":[{"finish_reason":"stop","message":{"content":"hi"}}]}`},
		"in a refusal":                      {200, `{"choices":[{"message":{"refusal":` + quoted("not with "+markedKey) + `}}]}`},
		"in an error of the choice":         {200, `{"choices":[{"error":{"message":` + quoted(markedKey) + `},"message":{"content":` + quoted(markedKey) + `}}]}`},
		"in the pieces of a stream":         {200, "data: " + `{"choices":[{"delta":{"content":"sk-marked-0123"}}]}` + "\n\ndata: " + `{"choices":[{"delta":{"content":"456789abcdefghijkl"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"},
		"in a stream that breaks off":       {200, "data: " + `{"choices":[{"delta":{"content":` + quoted(markedKey[:20]) + `}}]}` + "\n\ndata: {"},
		"in the error of a stream":          {200, "data: " + says(markedKey) + "\n\n"},
		"in a stream of nothing":            {200, "data: " + quoted(markedKey) + "\n\ndata: [DONE]\n\n"},
		"in the error of an image's server": {400, says("Error while downloading https://example.com/a.jpg with Authorization: Bearer " + markedKey)},
	} {
		all := repeats(t, c.status, c.text, markedKey, otherKey, slashed, long)
		if part := tells(all, markedKey, otherKey, slashed, long); part != "" {
			t.Errorf("%s: tells %s:\n%s", name, part, all)
		}
	}
}

// What only looks a little like a key stays as the server said it.
func TestWordsThatAreNoKeyStay(t *testing.T) {
	all := repeats(t, 400, `{"error":{"message":"keys begin with sk-marked-, this one ends in ijkl"}}`, markedKey)
	if !strings.Contains(all, "keys begin with sk-marked-, this one ends in ijkl") {
		t.Error(all)
	}
}

func TestHideTakesOutAllOfARun(t *testing.T) {
	s := newSecrets(markedKey, "", "short")
	for text, want := range map[string]string{
		"": "", "nothing here to hide": "nothing here to hide",
		markedKey:                                "[the key]",
		"a " + markedKey + " b":                  "a [the key] b",
		"a short one":                            "a [the key] one",
		markedKey[:11]:                           markedKey[:11],
		markedKey[:12] + ".":                     "[the key].",
		"é" + markedKey[5:25] + "é":              "é[the key]é",
		markedKey[3:20] + "/" + markedKey[15:30]: "[the key]/[the key]",
	} {
		if got := s.hide(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestBaseURLWithTheKeyInItIsRefused(t *testing.T) {
	keys := []domain.Key{domain.NewKey("ollama"), domain.NewKey(markedKey)}
	for _, base := range []string{"https://gateway.example/" + markedKey + "/v1", "https://" + markedKey + ".example/v1", markedKey, "ftp:" + markedKey, "https://h/v1?key=" + markedKey} {
		_, err := New(Options{BaseURL: base, Keys: keys})
		if err == nil || tells(err.Error(), markedKey) != "" {
			t.Errorf("%s: %v", base, err)
		}
	}
	// A short one may be any word.
	if _, err := New(Options{BaseURL: "http://ollama:11434/v1", Keys: keys}); err != nil {
		t.Error(err)
	}
}

// What a proxy is told to let one through, it may repeat.
func TestProxyPasswordIsHidden(t *testing.T) {
	const password = "pass word/0123"
	proxied := &url.URL{Scheme: "http", Host: "proxy.example:3128", User: url.UserPassword("somebody", password)}
	s := newSecrets(proxy.Secrets(proxied)...)
	for _, said := range []string{
		"somebody:" + password, "wrong password " + password, "http://" + proxied.User.String() + "@proxy.example:3128",
		"Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("somebody:"+password)),
	} {
		if got := s.hide(said); strings.Contains(got, "0123") || got == said || strings.Contains(got, base64.StdEncoding.EncodeToString([]byte("somebody:" + password))[4:]) {
			t.Errorf("%q becomes %q", said, got)
		}
	}
	short := proxy.Secrets(&url.URL{User: url.UserPassword("me", "cat")})
	if got := newSecrets(short...).hide("a cat; me:cat"); got != "a cat; [the key]" {
		t.Error(got)
	}
}

// Whatever prints a client while it asks, such as a panic, prints no key.
func TestPrintedClientTellsNoKey(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
	}))
	defer s.Close()
	o := Options{BaseURL: s.URL, Keys: []domain.Key{domain.NewKey(markedKey), domain.NewKey(otherKey)}}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	permit, err := c.Admit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := c.Ask(t.Context(), permit, domain.Question{Task: domain.Task{Model: "m"}, Picture: domain.Picture{}})
		done <- err
	}()
	<-arrived
	var dump bytes.Buffer
	stacks := make([]byte, 1<<20)
	dump.Write(stacks[:runtime.Stack(stacks, true)])
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		// Of the pool without its lock held by anybody: nothing changes it now.
		for _, value := range []any{c, *c.pool.accounts[0], c.pool.accounts, c.pool, o, o.Keys, permit, c.pool.accounts[0].key} {
			fmt.Fprintf(&dump, verb+"\n", value)
		}
	}
	if err := func() (err any) {
		defer func() { err = recover() }()
		panic(fmt.Sprintf("%+v %+v", c, o))
	}(); err != nil {
		fmt.Fprint(&dump, err)
	}
	close(release)
	<-done
	hex := []string{fmt.Sprintf("%x", markedKey), fmt.Sprintf("%x", otherKey)}
	if part := tells(dump.String(), append(hex, markedKey, otherKey)...); part != "" {
		t.Errorf("tells %s:\n%s", part, &dump)
	}
}
