package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"vlocal/internal/loadserver"
)

// The roles of the processes that bench starts of itself.
const (
	roleServer  = "server"
	roleClient  = "client"
	rolePrepare = "prepare"
	roleDraw    = "draw"
)

// serve starts a load server with the options that stand in the first line of in,
// writes its address to out, and at the next line, or the end, of in writes what
// it has seen.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	var o loadserver.Options
	if err := readLine(lines, &o); err != nil {
		return err
	}
	s, err := loadserver.Start(o)
	if err != nil {
		return err
	}
	reply := json.NewEncoder(out)
	if err := reply.Encode(s.URL); err != nil {
		return err
	}
	if _, err := lines.ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return errors.Join(reply.Encode(s.Stats()), s.Close())
}

// measureFrom measures the client that stands in the first line of in, and writes
// what it did to out.
func measureFrom(ctx context.Context, in io.Reader, out io.Writer) error {
	var c client
	if err := readLine(bufio.NewReader(in), &c); err != nil {
		return err
	}
	got, err := c.measure(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(got)
}

func readLine(r *bufio.Reader, v any) error {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, v)
}

// process is a bench in one of its roles.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// launch starts this program again, in a role, and gives it its task.
func launch(ctx context.Context, role string, task any) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-role", role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, out: bufio.NewReader(out)}
	return p, p.tell(task)
}

func (p *process) tell(v any) error { return json.NewEncoder(p.in).Encode(v) }

// end waits for the process to end.
func (p *process) end() error {
	err := p.in.Close()
	return errors.Join(err, p.cmd.Wait())
}

// row is one line of a table: a client against a server.
type row struct {
	label  string
	server loadserver.Options
	client client
}

// result is what both saw.
type result struct {
	Client clientResult
	Server loadserver.Stats
}

// measure runs both to their end.
func (r row) measure(ctx context.Context) (got result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the processes that an error leaves
	server, err := launch(ctx, roleServer, r.server)
	if err != nil {
		return got, fmt.Errorf("start the server: %w", err)
	}
	if err := readLine(server.out, &r.client.URL); err != nil {
		return got, fmt.Errorf("the server's address: %w", err)
	}
	c, err := launch(ctx, roleClient, r.client)
	if err != nil {
		return got, fmt.Errorf("start the client: %w", err)
	}
	if err := readLine(c.out, &got.Client); err != nil {
		return got, fmt.Errorf("the client's result: %w", errors.Join(err, c.end()))
	}
	if err := c.end(); err != nil {
		return got, fmt.Errorf("the client: %w", err)
	}
	if err := server.tell("enough"); err != nil {
		return got, err
	}
	if err := readLine(server.out, &got.Server); err != nil {
		return got, fmt.Errorf("the server's counts: %w", err)
	}
	return got, server.end()
}
