package main

import (
	"testing"
	"time"
)

func TestSinceTakesHowLongAgoOrWhen(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	now := time.Date(2026, 11, 25, 1, 2, 3, 0, zone)
	for text, want := range map[string]time.Time{
		"2h":                        now.Add(-2 * time.Hour),
		"90m":                       now.Add(-90 * time.Minute),
		"3d":                        time.Date(2026, 11, 22, 1, 2, 3, 0, zone),
		"2026-11-24":                time.Date(2026, 11, 24, 0, 0, 0, 0, zone),
		"2026-11-24T18:00":          time.Date(2026, 11, 24, 18, 0, 0, 0, zone),
		"2026-11-24 18:00":          time.Date(2026, 11, 24, 18, 0, 0, 0, zone),
		"2026-11-24T18:00:00Z":      time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC),
		"2026-11-24T18:00:00-05:00": time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC),
	} {
		if got, err := sinceOf(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, want %v (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{"yesterday", "-2h", "0h", "3dd", "d", "2026-13-01", "24.11.2026", "1764000000"} {
		if got, err := sinceOf(text, now); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestNamesOfTasks(t *testing.T) {
	for name, want := range map[string]bool{
		"receipts": true, "chairs-v2.1_b": true, "Rechnungen_März": true, "cafe": true, "2024": true, "収据": true,
		"": false, "-x": false, "a b": false, "a/b": false, "a\nb": false, "deadbeef": false, "20241124": false, "\xff": false, "a\u202eb": false,
	} {
		if err := checkTaskName(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}
