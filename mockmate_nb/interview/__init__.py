"""The interview: questions, the machine that moves it on, its rubric and its session."""
