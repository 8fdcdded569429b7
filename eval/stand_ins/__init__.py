"""What answers in a model's place? Ways in: :func:`eval.stand_ins.mock.mocked_model` for a scripted model,
:class:`eval.stand_ins.cassettes.Replies` for a recorded one."""
