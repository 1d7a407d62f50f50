"""Whether a training can be resumed is told by the file that is written last."""

from assay.training.states import STATE, TrainingStates, has_training_state


def test_state_is_there_once_its_last_file_is(tmp_path):
    """Tensors without the file that names them are what a killed process left half written."""
    folder = tmp_path / "training"
    assert not has_training_state(folder)
    folder.mkdir()
    (folder / "state-1-5.safetensors").write_bytes(b"")
    assert not has_training_state(folder)
    (folder / STATE).write_text("{}", encoding="utf-8")
    assert has_training_state(folder)


def test_states_are_resumed_unless_said_otherwise(tmp_path):
    """An interrupted training continues; a state every minute costs little."""
    states = TrainingStates(tmp_path)
    assert (states.resume, states.every_s) == (True, 60.0)
