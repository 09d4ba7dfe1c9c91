"""The terminal: which process has it, what it can show, what it shows already, what happens when it goes away."""
