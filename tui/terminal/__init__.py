"""The terminal: who has it, what it can show, what it shows already, and what happens when it goes away."""
