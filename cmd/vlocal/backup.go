package main

import (
	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"vlocal/store"
)

// forceFlag lets a backup take the place of an earlier one.
var forceFlag = &cli.BoolFlag{Name: "force", Usage: "replace the backup that is there"}

func backupCommand() *cli.Command {
	return &cli.Command{
		Name:      "backup",
		Usage:     "copy the database, also while a run writes to it",
		ArgsUsage: "FILE",
		Description: `vlocal backup photos-monday.db
vlocal backup /mnt/stick/photos.db --force      in place of the last backup
vlocal --db photos-monday.db status             look into it, or go on with it

The copy is of one moment, checked, and closed to other users; it has its name only
when it is whole. To go back to it, put it in the place of the database while no
vlocal is at work, and remove what is called like the database with -wal and -shm.`,
		Flags:  []cli.Flag{forceFlag, quietFlag, jsonFlag},
		Action: backupAction,
	}
}

func backupAction(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return usagef("backup to which file? For example: vlocal backup photos-backup.db")
	}
	ctx, stop := untilInterrupted(c.Context)
	defer stop()
	to := c.Args().First()
	size, err := store.Backup(ctx, database(c), to, c.Bool(forceFlag.Name))
	if err != nil {
		return err
	}
	con := consoleOf(c)
	if con.json {
		return con.object(map[string]any{"event": "backup", "file": to, "bytes": size})
	}
	con.remark("%s in %s, checked", humanize.Bytes(uint64(size)), printable(to))
	return nil
}
