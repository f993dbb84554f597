"""Pure values and rules: state, command and now in; new state and what happened out."""
