"""What Gmail and Calendar share: how Google reads requests, words refusals and selects fields."""
