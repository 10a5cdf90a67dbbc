package main

import (
	"bytes"
	"encoding/json"
	"os"
)

type identity struct{ source, id string }

// journal is a file with a JSON line for each event that took effect. The line is both the effect and the memory of it,
// so there is never one without the other; in a database, these are two writes in one transaction.
type journal struct {
	file  *os.File
	aside *os.File
	seen  map[identity]bool
}

// unreadable is an event that this program can do nothing with. It is kept: nobody sends it again.
type unreadable struct {
	Reason     string            `json:"reason"`
	Attributes map[string]string `json:"attributes"`
	Data       string            `json:"data"`
}

func openJournal(path string) (*journal, error) {
	content, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	// A line without its end was being written when the program died. Its event was not acknowledged, and comes again.
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	seen := map[identity]bool{}
	for _, line := range bytes.Split(bytes.TrimSpace(whole), []byte{'\n'}) {
		var known entry
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &known); err != nil {
			return nil, err
		}
		seen[identity{known.Source, known.ID}] = true
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Truncate(int64(len(whole))); err != nil {
		return nil, err
	}
	aside, err := os.OpenFile(path+".unreadable", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &journal{file, aside, seen}, err
}

// add writes an entry unless the journal has it. Events arrive at least once; source and id tell that it is the same one.
func (j *journal) add(new *entry) error {
	if new == nil || j.seen[identity{new.Source, new.ID}] {
		return nil
	}
	if err := appendLine(j.file, new); err != nil {
		return err
	}
	j.seen[identity{new.Source, new.ID}] = true
	return nil
}

func (j *journal) putAside(what unreadable) error { return appendLine(j.aside, what) }

func (j *journal) close() {
	j.file.Close()
	j.aside.Close()
}

// appendLine returns when the line is on disk, so that it may be acknowledged.
func appendLine(file *os.File, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		return err
	}
	return file.Sync()
}
