package main

import (
	"context"
	"crypto/tls"
	"log"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// readKafka takes events as a consumer group of its own, those of each partition in order. Copies of this program share
// the partitions.
func readKafka(stopped context.Context, url string, take take) error {
	client, err := kgo.NewClient(append(connecting(url),
		kgo.ConsumerGroup("revenue"),
		kgo.ConsumeTopics("fissile.orders"),
		// A new group begins with the oldest event that the topic still has.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// Offsets are committed when the journal has what they stand for, before a partition is given to another copy.
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
	)...)
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	log.Print("Reading events.")
	for {
		fetches := client.PollRecords(stopped, 500)
		if err := fetches.Err0(); err != nil {
			return err
		}
		for _, failed := range fetches.Errors() {
			return failed.Err
		}
		for _, record := range fetches.Records() {
			if err := take(attributesOfRecord(record), record.Value); err != nil {
				return err
			}
		}
		if err := client.CommitUncommittedOffsets(stopped); err != nil {
			return err
		}
		client.AllowRebalance()
	}
}

func attributesOfRecord(record *kgo.Record) map[string]string {
	attributes := map[string]string{}
	for _, header := range record.Headers {
		if name, found := strings.CutPrefix(header.Key, "ce_"); found {
			attributes[name] = string(header.Value)
		} else if header.Key == "content-type" {
			attributes["datacontenttype"] = string(header.Value)
		}
	}
	return attributes
}

// connecting reads kafka(s)://user:password@host:port,host:port, which is no URL: it has several hosts.
func connecting(url string) []kgo.Opt {
	scheme, rest, _ := strings.Cut(url, "://")
	options := []kgo.Opt{}
	if credentials, hosts, found := strings.Cut(rest, "@"); found {
		user, password, _ := strings.Cut(credentials, ":")
		options = append(options, kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()))
		rest = hosts
	}
	if scheme == "kafkas" {
		options = append(options, kgo.DialTLSConfig(&tls.Config{}))
	}
	return append(options, kgo.SeedBrokers(strings.Split(strings.TrimSuffix(rest, "/"), ",")...))
}
