"""What a command does to a run, why it is refused, and where commands come from.

Commands come from a person (`inbox`), from a journal (`script`) or from the configuration's schedule. `steering` takes
them between two steps, `refusal` says which are impossible, and the others change the `state` of the run: `pausing`
halts it, `moves` takes it to another arm or to an earlier state, and `changes` sets rates, epochs and the like.
`schedule_export` writes the changes that a person made as a configuration, and `label_list` what was said of labels.
`further_list` makes commands of a list of corrections that is given at a resume.

May import `arms` and every room that `arms` may import.
"""
