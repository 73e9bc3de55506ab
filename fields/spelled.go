package fields

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// The ways of writing a number that can be read in one way only. A comma or a point
// before exactly three digits may be either kind of mark, unless both are there;
// and what has no decimals may be several numbers, such as 100,200,300.
var (
	// 12, -12.50
	pointed = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)
	// 1,299.00 and 1'299.00
	grouped = regexp.MustCompile(`^-?[1-9]\d{0,2}([,'\x{a0}\x{202f}]\d{3})+\.\d+$`)
	// 1.299,00
	groupedByPoint = regexp.MustCompile(`^-?[1-9]\d{0,2}([.'\x{a0}\x{202f}]\d{3})+,\d+$`)
	// 12,50: no mark of thousands has two digits behind it
	decimalComma = regexp.MustCompile(`^-?(0|[1-9]\d*),\d{2}$`)
	// money is what may stand before or behind a number, once.
	money = regexp.MustCompile(`^([$€£¥]|[A-Z]{3})\s*(\S.*)$|^(.*\S)\s*([$€£¥]|\s[A-Z]{3})$`)
)

// numberOf reads a number; ok is false if it may be another. The sign of a currency
// is left out: the field is a number.
func numberOf(text string) (n json.Number, ok bool) {
	if m := money.FindStringSubmatch(text); m != nil {
		text = strings.TrimSpace(m[2] + m[3])
	}
	text = strings.TrimPrefix(strings.Replace(text, "−", "-", 1), "+")
	marks := ""
	switch {
	case pointed.MatchString(text):
	case grouped.MatchString(text):
		marks = ",'\u00a0\u202f"
	case groupedByPoint.MatchString(text), decimalComma.MatchString(text):
		marks = ".'\u00a0\u202f"
	default:
		return "", false
	}
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(marks, r) {
			return -1
		}
		return r
	}, text)
	n = json.Number(strings.ReplaceAll(text, ",", "."))
	return n, checkNumber(string(n)) == nil
}

// whole writes a number without a fraction as one, such as 3.0 as 3; what is none
// stays.
func whole(v any) any {
	n, isNumber := v.(json.Number)
	if !isNumber {
		return v
	}
	r, ok := new(big.Rat).SetString(string(n)) // bounded by checkNumber
	if !ok || !r.IsInt() {
		return v
	}
	return json.Number(r.Num().String())
}

// dates are the ways of writing a day that can be read in one way only: the year
// first, or the month as a word.
var dates = []string{
	"2006-1-2", "2006/1/2", "2006.1.2", "2006:01:02", "20060102",
	"2 January 2006", "2 Jan 2006", "January 2, 2006", "Jan 2, 2006", "2. January 2006", "January 2 2006",
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006:01:02 15:04:05",
}

// dateOf reads a day.
func dateOf(text string) (day any, ok bool) {
	for _, layout := range dates {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return nil, false
}
