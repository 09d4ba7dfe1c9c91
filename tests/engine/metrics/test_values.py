"""The values of the metrics are those of scikit-learn, and each metric is left out where it says nothing."""

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from engine.metrics import METRICS
from engine.metrics.calibration import BINS
from engine.metrics.per_class import ClassCounts, class_counts, predicted_counts
from engine.metrics.predictions import Predictions
from engine.protocol import Confusion
from tests.engine.metrics.scored import drawn, overconfident, scored

CASES = {
    "few": (40, 4, 2.0),
    "ten": (500, 10, 1.0),
    "many": (2000, 120, 3.0),
    "chance": (300, 7, 0.0),
    "good": (300, 7, 15.0),
    "one picture": (1, 6, 0.0),
}
EACH = [(*case, ties) for case in CASES.values() for ties in (False, True)]
NAMES = [f"{name}{', ties' * ties}" for name in CASES for ties in (False, True)]


@pytest.fixture(params=EACH, ids=NAMES)
def predictions(request: pytest.FixtureRequest) -> Predictions:
    pictures, classes, skill, ties = request.param
    return drawn(pictures, classes, skill, seed=pictures, ties=ties)


def value(name: str, predictions: Predictions) -> float | None:
    return METRICS[name].compute(predictions)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:A single label was found")
def test_balanced_accuracy_is_the_mean_recall_of_the_classes_with_pictures(predictions: Predictions) -> None:
    expected = sklearn.balanced_accuracy_score(predictions.labels, predictions.predicted)
    assert value("balanced_accuracy", predictions) == pytest.approx(expected)


def test_macro_f1_is_that_of_the_classes_with_pictures_or_predictions(predictions: Predictions) -> None:
    expected = sklearn.f1_score(predictions.labels, predictions.predicted, average="macro", zero_division=0)
    assert value("macro_f1", predictions) == pytest.approx(expected)


def test_top_5_counts_the_right_class_among_the_five_most_probable(predictions: Predictions) -> None:
    classes = predictions.classes
    if classes <= 5:
        assert value("top_5", predictions) is None
        return
    # Of equal classes scikit-learn takes the last ones, we take the first ones. So it sees them in reverse.
    expected = sklearn.top_k_accuracy_score(
        classes - 1 - predictions.labels, predictions.logits.flip(1), k=5, labels=range(classes)
    )
    assert value("top_5", predictions) == pytest.approx(expected)


def test_the_right_class_comes_first_exactly_if_it_is_predicted(predictions: Predictions) -> None:
    assert torch.equal(predictions.ahead == 0, predictions.predicted == predictions.labels)


def test_accuracy_and_loss_are_those_of_scikit_learn(predictions: Predictions) -> None:
    labels, classes = predictions.labels, predictions.classes
    probabilities = predictions.logits.double().softmax(1).numpy()
    expected = sklearn.log_loss(labels, probabilities, labels=range(classes))
    assert value("loss", predictions) == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert value("accuracy", predictions) == pytest.approx(sklearn.accuracy_score(labels, predictions.predicted))


def test_precision_recall_and_f1_of_each_class(predictions: Predictions) -> None:
    expected = sklearn.precision_recall_fscore_support(
        predictions.labels, predictions.predicted, labels=range(predictions.classes), zero_division=np.nan
    )
    counts = class_counts(predictions)
    for found, wanted in (("precision", expected[0]), ("recall", expected[1]), ("f1", expected[2])):
        mine = [getattr(one, found) for one in counts]
        assert [np.nan if one is None else one for one in mine] == pytest.approx(list(wanted), nan_ok=True)
    assert [one.images for one in counts] == list(expected[3])
    assert counts[-1].recall is None and counts[-2].precision is None


def expected_calibration_error(confidence: torch.Tensor, right: torch.Tensor) -> float:
    """From scikit-learn's curve of the bins that are not empty, and from their numbers of pictures."""
    accuracies, confidences = calibration_curve(right, confidence, n_bins=BINS)
    edges = np.linspace(0, 1, BINS + 1)
    bins = np.searchsorted(edges[1:-1], confidence.numpy())
    counts = np.bincount(bins, minlength=BINS)
    return float((np.abs(accuracies - confidences) * counts[counts > 0]).sum() / len(right))


def test_the_calibration_error_is_that_of_the_reliability_curve(predictions: Predictions) -> None:
    right = predictions.predicted == predictions.labels
    expected = expected_calibration_error(predictions.confidence.double(), right)
    assert value("calibration_error", predictions) == pytest.approx(expected, abs=1e-9)


def test_the_scaled_error_is_that_of_the_probabilities_at_the_fitted_temperature(predictions: Predictions) -> None:
    confidence = (predictions.logits / predictions.temperature).softmax(1).amax(1)
    expected = expected_calibration_error(confidence.double(), predictions.predicted == predictions.labels)
    assert value("calibration_error_scaled", predictions) == pytest.approx(expected, abs=1e-9)


def test_temperature_scaling_mends_a_model_that_is_too_sure() -> None:
    sure = scored(*overconfident(4.0))
    before, after = value("calibration_error", sure), value("calibration_error_scaled", sure)
    assert before is not None and after is not None and before > 0.2 and after < 0.02
    assert sure.temperature == pytest.approx(4.0, rel=0.05)


def test_a_model_that_gives_all_classes_the_same_probability_is_no_better_than_chance() -> None:
    predictions = scored(torch.zeros(100, 10), torch.arange(100) % 10)
    assert (value("accuracy", predictions), value("top_5", predictions)) == (0.1, 0.5)
    assert value("calibration_error", predictions) == pytest.approx(0.0, abs=1e-6) and predictions.temperature == 1.0


@pytest.mark.filterwarnings("error")
def test_a_model_whose_logits_are_not_finite_is_never_right_by_its_ranks() -> None:
    predictions = scored(torch.full((8, 6), torch.nan), torch.arange(8) % 6)
    assert value("top_5", predictions) == 0.0 and predictions.temperature == 1.0
    assert value("calibration_error_scaled", predictions) == value("calibration_error", predictions)


def test_the_counts_of_predictions_of_an_older_version_follow_from_the_confused_pairs() -> None:
    old = Confusion("scratch", 4, (4, 3, 0), (3, 1, 0), ((1, 0, 2), (0, 2, 1)), ())
    assert predicted_counts(old) == [5, 1, 1]
    cut = Confusion("scratch", 4, (4, 3, 0), (3, 1, 0), ((1, 0, 2),), ())
    assert predicted_counts(cut) is None


def test_a_class_without_pictures_and_predictions_has_no_scores() -> None:
    none = ClassCounts(0, 0, 0)
    assert (none.precision, none.recall, none.f1) == (None, None, None)
    never = ClassCounts(3, 0, 0)
    assert (never.precision, never.recall, never.f1) == (None, 0.0, 0.0)
