package main

import (
	"regexp"
	"testing"

	"vlocal/config"
)

// A new flag of run is a setting by itself: what 'config init' writes has it with
// a default that loads.
func TestEveryFlagOfRunIsASetting(t *testing.T) {
	settings := runSettings()
	text := regexp.MustCompile(`(?m)^# (\w+ = )`).ReplaceAll(config.Sample(settings), []byte("$1"))
	file, err := config.Parse(settings, "vlocal.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range runCommand().Flags {
		name := f.Names()[0]
		key := keyOf(name)
		if name == "provider" {
			key = config.DefaultProvider
		}
		_, set := file.Values[key]
		if _, refused := ofOneCall[name]; set == refused {
			t.Errorf("--%s: in the file: %v", name, set)
		}
	}
}
