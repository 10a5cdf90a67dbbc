// Command consumer-in-go keeps a journal of what orders earned. It stands for a program of another team: all that it
// knows of Fissile is docs/events.md.
//
//	consumer-in-go amqp://user:password@host:5672/vhost journal.jsonl
//	consumer-in-go kafka://user:password@host:9092,host:9092 journal.jsonl
//
// At Kafka it proves its password by SCRAM-SHA-512; kafkas:// is for TLS.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// take does what an event asks for. The event is acknowledged when it returns nil, and comes again otherwise.
type take func(attributes map[string]string, data []byte) error

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: consumer-in-go BROKER-URL JOURNAL")
	}
	stopped, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A failure ends the program: whoever runs it starts it again, and it goes on with what it has not acknowledged.
	if err := run(stopped, os.Args[1], os.Args[2]); err != nil && stopped.Err() == nil {
		log.Fatal(err)
	}
}

func run(stopped context.Context, url, path string) error {
	journal, err := openJournal(path)
	if err != nil {
		return err
	}
	defer journal.close()
	take := func(attributes map[string]string, data []byte) error {
		entry, err := entryOf(attributes, data)
		if err != nil {
			return journal.putAside(unreadable{err.Error(), attributes, string(data)})
		}
		return journal.add(entry)
	}
	switch scheme, _, _ := strings.Cut(url, "://"); scheme {
	case "amqp", "amqps":
		return readRabbitMQ(stopped, url, take)
	case "kafka", "kafkas":
		return readKafka(stopped, url, take)
	default:
		return fmt.Errorf("%s:// is no broker that this program can read", scheme)
	}
}
