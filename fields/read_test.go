package fields

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// receipt is a schema with a field of each type.
func receipt(t testing.TB) *Schema {
	t.Helper()
	schema, err := Parse("title, price:number, pages:whole number, defects:list, category:one of(chair|coffee table|lamp), damaged:yes/no, taken:date")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const whole1 = `{"title":"A","price":12.50,"pages":3,"defects":["x","y"],"category":"lamp","damaged":false,"taken":"2024-05-01"}`

// with is the answer whole1 with one field otherwise.
func with(field, value string) string {
	v, _ := decode(whole1)
	w, _ := decode(value)
	return encode(asObject(v).with(field, w))
}

func TestAnswersAreMendedOnlyWhereThatIsCertain(t *testing.T) {
	s := receipt(t)
	fence := "```"
	for _, c := range []struct{ source, text, want, mended string }{
		{"as it should be", whole1, whole1, ""},
		{"other spaces and order", "{\n  \"price\": 12.50, \"title\": \"A\",\"pages\":3.0,\"defects\":[\"x\",\"y\"],\"category\":\"lamp\",\"damaged\":false,\"taken\":\"2024-05-01\"\n}\n", whole1, ""},
		{"null for what is not there", with("price", "null"), with("price", "null"), ""},

		// What is around it.
		{"https://github.com/TomBursch/kitchenowl/issues/1021, https://github.com/vllm-project/vllm/issues/9900", fence + "json\n" + whole1 + "\n" + fence, whole1, "taken out of a code fence"},
		{"a fence without a name, and a word before", "Here you are:\n\n" + fence + "\n" + whole1 + "\n" + fence + "\nAnything else?", whole1, "taken out of a code fence"},
		{"https://github.com/Open-Historia/open-historia/pull/355 (prose with a stray brace)", "The object :{ as JSON: " + whole1 + " I hope {this} helps.", whole1, "taken out of the text around it"},
		{"said twice", whole1 + "\n" + whole1, whole1, "taken out of the text around it"},
		{"a byte order mark", "\ufeff" + whole1, whole1, "a byte order mark left out"},
		{"JSON in a text", fmt.Sprintf("%q", whole1), whole1, "JSON taken out of a text"},
		{"a list of one (https://github.com/MattJColes/lgtmaybe/issues/104)", "[" + whole1 + "]", whole1, "the object taken out of a list"},
		{"an envelope (https://github.com/MattJColes/lgtmaybe/issues/104)", `{"answer":` + whole1 + `}`, whole1, `the object taken out of "answer"`},

		// Not quite JSON.
		{"trailing commas (https://github.com/Open-Historia/open-historia/pull/355)", strings.NewReplacer(`"y"]`, `"y",]`, `01"}`, "01\" ,\n}").Replace(whole1), whole1, "commas at the end of a list left out"},
		{"a line break in a text", strings.Replace(whole1, `"A"`, "\"A\nB\"", 1), with("title", `"A\nB"`), "line breaks within texts written as JSON has them"},
		{"no closing brace behind a word", strings.TrimSuffix(with("taken", "null"), "}"), with("taken", "null"), "the closing brace added"},
		{"no closing brace, all fields there", strings.TrimSuffix(whole1, "}"), whole1, "the closing brace added"},

		// Values.
		{"a number as a text", with("price", `"12.50"`), whole1, `"price": "12.50" taken as 12.50`},
		{"with thousands", with("price", `"1,299.00"`), with("price", "1299.00"), `"price": "1,299.00" taken as 1299.00`},
		{"the German way", with("price", `"-1.299,00"`), with("price", "-1299.00"), `"price": "-1.299,00" taken as -1299.00`},
		{"the Swiss way", with("price", `"CHF 1'299.00"`), with("price", "1299.00"), `"price": "CHF 1'299.00" taken as 1299.00`},
		{"cents behind a comma", with("price", `"12,50"`), whole1, `"price": "12,50" taken as 12.50`},
		{"money", with("price", `"€ 12.50"`), whole1, `"price": "€ 12.50" taken as 12.50`},
		{"money behind", with("price", `"12.50 EUR"`), whole1, `"price": "12.50 EUR" taken as 12.50`},
		{"no number", with("price", `"N/A"`), with("price", "null"), `"price": "N/A" taken as null`},
		{"a whole number as a text", with("pages", `" 3 "`), whole1, `"pages": " 3 " taken as 3`},
		{"yes and no as words", with("damaged", `"No"`), whole1, `"damaged": "No" taken as false`},
		{"capitals and spaces in a choice", with("category", `" Coffee_Table"`), with("category", `"coffee table"`), `"category": " Coffee_Table" taken as "coffee table"`},
		{"a date with a time", with("taken", `"2024-05-01T12:33:00Z"`), whole1, `"taken": "2024-05-01T12:33:00Z" taken as "2024-05-01"`},
		{"the year first", with("taken", `"2024/5/1"`), whole1, `"taken": "2024/5/1" taken as "2024-05-01"`},
		{"the month as a word", with("taken", `"May 1, 2024"`), whole1, `"taken": "May 1, 2024" taken as "2024-05-01"`},
		{"a text as a number", with("title", `5`), with("title", `"5"`), `"title": 5 taken as "5"`},

		// Properties.
		{"one that nobody asked for", `{"note":"hi",` + whole1[1:], whole1, `"note" left out, which was not asked for`},
		{"one in capitals", strings.Replace(whole1, `"pages"`, `"Pages"`, 1), whole1, `"Pages" taken as "pages"`},
		{"one that is not there", strings.Replace(whole1, `"pages":3,`, "", 1), with("pages", "null"), `nothing said of "pages"`},
		{"several things", fence + "json\n" + with("price", `"1"`) + "\n" + fence, with("price", "1"), `taken out of a code fence; "price": "1" taken as 1`},
		{"a NUL in a text", with("title", `"A\u0000"`), whole1, ""},
	} {
		got, err := s.Read(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if diff := cmp.Diff(Reading{c.want, c.mended}, got); diff != "" {
			t.Errorf("%s: %s", c.source, diff)
		}
	}
}

func TestWhatMayMeanTwoThingsIsNotMended(t *testing.T) {
	s := receipt(t)
	for _, c := range []struct{ text, says string }{
		{"A chair, I think.", "the answer is not JSON: invalid character 'A'"},
		{"", "the answer is not JSON"},
		{"[]", "no JSON object"},
		{`"A"`, "no JSON object"},
		{whole1 + "\n" + with("title", `"B"`), "2 JSON objects"},
		{strings.TrimSuffix(whole1, `,"taken":"2024-05-01"}`), "not JSON"},     // a field is missing
		{strings.TrimSuffix(with("taken", "2024"), "}"), "it has no end"},      // a number could go on
		{strings.TrimSuffix(whole1, `-01"}`), "not JSON"},                      // cut within a text
		{`{"title": 'A', "inner": ` + whole1 + `}`, "not JSON"},                // a part is not the whole
		{`{"title": 'A', "inner": ` + whole1, "not JSON"},                      //
		{with("price", `"1,299"`), `"price" takes number or null, not string`}, // or 1.299
		{with("price", `"1.299,0.5"`), `"price" takes number`},                 //
		{with("price", `"12 to 15"`), `"price" takes number`},                  //
		{with("price", `"100,200,300"`), `"price" takes number`},
		{with("price", `"2 500,00"`), `"price" takes number`},                       // or two of them
		{with("price", `"45%"`), `"price" takes number`},                            // or 0.45
		{with("price", `"5 USD EUR"`), `"price" takes number`},                      //
		{with("pages", `"3.5"`), `"pages" takes integer`},                           //
		{with("pages", `3.5`), `"pages" takes integer or null, not number`},         //
		{with("damaged", `"a bit"`), `"damaged" takes boolean or null, not string`}, //
		{with("damaged", `1`), `"damaged" takes boolean`},                           //
		{with("category", `"sofa"`), `"category" takes one of "chair", "coffee table", "lamp", null, not "sofa"`},
		{with("taken", `"01/05/2024"`), `"taken" takes a date (YYYY-MM-DD), not "01/05/2024"`}, // May or January
		{with("taken", `"2024-02-30"`), `"taken" takes a date`},
		{with("defects", `"x"`), `"defects" takes array or null, not string`},
		{with("defects", `["x",5,null]`), `"defects.2" takes string, not null`},
		{`{}`, `lacks "title"`},
		{`{"name":"A"}`, `lacks "title"`},
		{strings.Replace(whole1, `"price"`, `"cost"`, 1), `lacks "price"`}, // cost may be it
		{`{"title":"A","title":"B"}`, "there twice"},
		{strings.Repeat(`{"title":`, 200) + "1" + strings.Repeat("}", 200), "within each other"},
		{strings.Replace(whole1, "12.50", "1e999999999", 1), "beyond all bounds"},
	} {
		got, err := s.Read(c.text)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s\ngives %+v, %v\nwant %s", c.text, got, err, c.says)
		}
	}
}

// What is wrong is told once for each field, and a mountain of braces is no trouble.
func TestNothingIsSearchedForEver(t *testing.T) {
	s := receipt(t)
	for _, text := range []string{
		strings.Repeat("{", 1<<20), strings.Repeat(`{"a":`, 1<<17), strings.Repeat("{x", 1<<19), strings.Repeat("[", 1<<20), strings.Repeat("{}", 1<<19),
	} {
		if _, err := s.Read(text); err == nil || len(err.Error()) > 500 {
			t.Errorf("%.10s: %v", text, err)
		}
	}
}

// FuzzRead reads any answer; what is read fits, and reads as itself.
//
//	go test -run '^$' -fuzz Read -fuzztime 1m ./fields
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		whole1, "```json\n" + whole1 + "\n```", `{"title":"a",}`, `[{"Title":5}]`, `"{\"title\":\"x\"}"`, with("price", `"1,299.00"`),
		with("taken", `"1 May 2024"`), `{"x":{"title":null}}`, "\ufeff{}", whole1[:len(whole1)-1], "{\"title\":\"a\nb\"}", `{"title":"\u0000\ud800"}`,
	} {
		f.Add(seed)
	}
	s := receipt(f)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Read(text)
		if err != nil {
			return
		}
		again, err := s.Read(got.Fields)
		if diff := cmp.Diff(Reading{Fields: got.Fields}, again); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	})
}
