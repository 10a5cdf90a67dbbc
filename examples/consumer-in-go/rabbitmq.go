package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// readRabbitMQ takes events from a queue of its own, one after the other. The queue keeps them while nobody reads.
func readRabbitMQ(stopped context.Context, url string, take take) error {
	connection, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	// A single active consumer keeps the order when several copies of this program run: one reads, the others wait.
	arguments := amqp.Table{"x-queue-type": "quorum", "x-single-active-consumer": true}
	queue, err := channel.QueueDeclare("revenue.orders", true, false, false, false, arguments)
	if err != nil {
		return err
	}
	if err := channel.QueueBind(queue.Name, "orders.order-paid", "fissile.orders", false, nil); err != nil {
		return err
	}
	if err := channel.Qos(100, 0, false); err != nil {
		return err
	}
	deliveries, err := channel.Consume(queue.Name, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	log.Print("Reading events.")
	for {
		select {
		case <-stopped.Done():
			return nil
		case delivery, open := <-deliveries:
			if !open {
				return errors.New("the connection to RabbitMQ was lost")
			}
			if err := take(attributesOf(delivery), delivery.Body); err != nil {
				return err
			}
			if err := delivery.Ack(false); err != nil {
				return err
			}
		}
	}
}

// attributesOf returns the attributes of a CloudEvent by their names. The AMQP binding allows both separators.
func attributesOf(delivery amqp.Delivery) map[string]string {
	attributes := map[string]string{"datacontenttype": delivery.ContentType}
	for header, value := range delivery.Headers {
		for _, prefix := range []string{"cloudEvents_", "cloudEvents:"} {
			if name, found := strings.CutPrefix(header, prefix); found {
				attributes[name] = fmt.Sprint(value)
			}
		}
	}
	return attributes
}
