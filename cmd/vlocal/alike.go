package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"vlocal/alike"
	"vlocal/domain"
	"vlocal/store"
)

var (
	oneOfAlikeFlag = &cli.BoolFlag{
		Name:  "skip-near-duplicates",
		Usage: "ask about one of photos that look alike, and skip the others",
	}
	nearFlag     = &cli.BoolFlag{Name: "near-duplicates", Usage: "groups of images that look alike instead of rows"}
	distanceFlag = &cli.IntFlag{
		Name: "distance", Value: alike.Within,
		Usage: fmt.Sprintf("how many of 64 bits the hashes of alike images may differ in: `N` from 0 (as good as the same) to %d", alike.MaxWithin),
	}
)

// listAlike prints the groups of images that look alike.
func listAlike(ctx context.Context, c *cli.Context, s *store.Store) error {
	within, limit := c.Int(distanceFlag.Name), c.Int("limit")
	if within < 0 || within > alike.MaxWithin {
		return usagef("--distance %d: it takes a number from 0 to %d", within, alike.MaxWithin)
	}
	if c.String("status")+c.String("kind") != "" {
		return usagef("--%s lists images, whatever was asked about them; leave --status and --kind out", nearFlag.Name)
	}
	found, err := s.AlikeGroups(ctx, within)
	if err != nil {
		return err
	}
	con := consoleOf(c)
	groups := found.Groups
	if limit > 0 {
		groups = groups[:min(len(groups), limit)]
	}
	var rows [][]string
	for n, group := range groups {
		images, err := imagesOf(ctx, s, group)
		if err != nil {
			return err
		}
		if con.json {
			if err := con.object(groupObject(n+1, group, images)); err != nil {
				return err
			}
			continue
		}
		for k, i := range images {
			rows = append(rows, []string{
				strconv.Itoa(n + 1), strconv.FormatInt(i.ID, 10), strconv.Itoa(group[k].Distance),
				fmt.Sprintf("%dx%d", i.Width, i.Height), number(i.Size), oneLine(domain.PathText(i.Path)),
			})
		}
	}
	if len(rows) > 0 {
		err = con.table([]string{"GROUP", "ID", "DISTANCE", "PIXELS", "BYTES", "PATH"}, rows)
	}
	remarkAlike(con, program(c), found, len(groups))
	return err
}

// remarkAlike tells how many groups there are, and what could not be compared.
func remarkAlike(con console, program string, found store.Groups, shown int) {
	members := 0
	for _, g := range found.Groups {
		members += len(g)
	}
	con.remark("%s compared: %s in %s", count(found.Images, "image"), number(members), count(len(found.Groups), "group"))
	if shown < len(found.Groups) {
		con.remark("there are more; --limit 0 lists all")
	}
	if found.Unseen > 0 {
		con.remark("%s left out: nobody looked into them yet, %s run does", count(found.Unseen, "image"), program)
	}
	if found.Untold > 0 {
		con.remark("%s left out: no pictures, damaged, blank, or looked into by an older vlocal", count(found.Untold, "image"))
	}
}

func imagesOf(ctx context.Context, s *store.Store, group store.Group) ([]domain.Image, error) {
	var all []domain.Image
	for _, m := range group {
		i, err := s.ImageByID(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

func groupObject(n int, group store.Group, images []domain.Image) map[string]any {
	var members []map[string]any
	for k, i := range images {
		members = append(members, map[string]any{
			"id": i.ID, "path": domain.PathText(i.Path), "bytes": i.Size, "width": i.Width, "height": i.Height,
			"distance": group[k].Distance,
		})
	}
	return map[string]any{"group": n, "images": members}
}

// placeObject is null where no place is known.
func placeObject(p domain.Place) any {
	if !p.Known {
		return nil
	}
	return map[string]float64{"latitude": p.Latitude, "longitude": p.Longitude}
}

// hashText is a perceptual hash in hexadecimal; "" where none is known.
func hashText(h domain.PerceptualHash) string {
	if h == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", uint64(h))
}
