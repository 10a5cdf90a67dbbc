package main

import (
	"encoding/json"
	"fmt"
)

// entry is a line of the journal: what an order earned.
type entry struct {
	Source   string `json:"source"`
	ID       string `json:"id"`
	Order    string `json:"order"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// orderPaid has the fields of orders.order-paid.v1 that matter here. Others may come within that version.
type orderPaid struct {
	OrderID string `json:"orderId"`
	Total   struct {
		Amount   int64  `json:"amount"`
		Currency string `json:"currency"`
	} `json:"total"`
}

// entryOf returns nil for an event of another type: also those of a version that did not exist when this was written.
func entryOf(attributes map[string]string, data []byte) (*entry, error) {
	for _, name := range []string{"id", "source", "type"} {
		if attributes[name] == "" {
			return nil, fmt.Errorf("it is no CloudEvent: it has no %s", name)
		}
	}
	if version := attributes["specversion"]; version != "1.0" {
		return nil, fmt.Errorf("it is no CloudEvent of version 1.0: its specversion is %q", version)
	}
	if attributes["type"] != "orders.order-paid.v1" {
		return nil, nil
	}
	var paid orderPaid
	if err := json.Unmarshal(data, &paid); err != nil {
		return nil, err
	}
	if paid.OrderID == "" || paid.Total.Currency == "" {
		return nil, fmt.Errorf("it lacks the order or its total")
	}
	return &entry{attributes["source"], attributes["id"], paid.OrderID, paid.Total.Amount, paid.Total.Currency}, nil
}
