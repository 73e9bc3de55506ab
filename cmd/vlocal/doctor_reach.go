package main

import (
	"context"
	"errors"
	"fmt"

	"vlocal/builtin"
	"vlocal/domain"
	"vlocal/keys"
	"vlocal/vision"
)

// reach says whether a server answers, and knows the keys and the model. No key is
// told but by its last 4 characters.
func (d *doctor) reach(ctx context.Context, srv server) verdict {
	v := verdict{check: "server", fine: "none is set: the built-in model answers, offline"}
	if srv.baseURL == builtin.BaseURL {
		return v
	}
	client, err := connect(d.c, srv, vision.Options{})
	if err != nil {
		v.found = err.Error()
		return v
	}
	found := srv.keys
	if len(found) == 0 {
		found = []keys.Found{{From: "no key"}}
	}
	checking, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	checks := askForModels(checking, client, found)
	good, silent := 0, 0
	for _, k := range checks {
		r := k.result(srv.model, false)
		switch e, ok := errors.AsType[*domain.Error](k.err); {
		case ok && (e.HTTPStatus == 0 || e.HTTPStatus >= 500):
			silent++
		case r.works != "no" && r.offered != "no":
			good++
			continue
		}
		v.some = append(v.some, fmt.Sprintf("%s (%s): %s", k.Key.Fingerprint(), k.From, r.why))
	}
	v.fine = fmt.Sprintf("%s at %s; %s", srv.model, client.BaseURL(), keysText(srv.keys))
	switch {
	case good == len(checks):
	case silent == len(checks):
		v.found = client.BaseURL() + " does not answer"
		v.do = "see whether it is running and the address is right; a run pauses or stops until it answers"
	case good == 0:
		v.found = fmt.Sprintf("%s does not take %s for %s", client.BaseURL(), keysText(srv.keys), srv.model)
		v.do = "vlocal keys check --model " + srv.model + " --base-url " + client.BaseURL() + ", and vlocal models"
	default:
		v.found = fmt.Sprintf("%s of %s do not work at %s; a run goes on without them", number(len(checks)-good), keysText(srv.keys), client.BaseURL())
		v.do = "take them out of where they come from"
	}
	return v
}

// keysText says how many keys there are, and where from.
func keysText(found []keys.Found) string {
	if len(found) == 0 {
		return "no key"
	}
	return count(len(found), "key") + " from " + found[0].From
}
