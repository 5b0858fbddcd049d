"""The grader's middle, from finding submissions to the command: judged with the real sandbox."""
