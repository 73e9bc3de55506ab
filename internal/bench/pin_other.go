//go:build !linux

package main

import "os/exec"

// startOn starts a process. Here it cannot be told which cores it may use; programs
// that use more than they are told to would be measured too well.
func startOn(_ int, cmd *exec.Cmd) error { return cmd.Start() }
