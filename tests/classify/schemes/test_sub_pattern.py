# ruff: noqa: E501 - a diff a line
"""Which variety of its pattern a change is: for each, changes that are and changes that only look like it."""

from __future__ import annotations

import pytest
from support.changes import change_of

from miner.classify.rules import TRIGGERS
from miner.classify.schemes import sub_pattern
from miner.classify.signals import read_hunks
from miner.classify.taxonomies import table, taxonomy
from miner.model import Label

VALUES = [f"{entry.id}.{name.replace(' ', '_')}" for entry in taxonomy("fix_patterns") for name in entry.sub_patterns]


def first(pattern: str, body: str, library: str = "keras") -> str:
    facts = tuple(found for _, found in read_hunks(change_of(body), TRIGGERS))
    label, *_ = sub_pattern.labels((Label("pattern", pattern, 1, 0.9, "r", ()),), facts, library)
    assert label.evidence or label.value == "unknown"
    return label.value


MATCHES = {
    "loss_function.add": [" x = 1\n+loss = tf.nn.l2_loss(w)", "-model.compile('sgd')\n+model.compile('sgd', loss='mse')"],
    "loss_function.change": ["-model.compile(loss='mse')\n+model.compile(loss='mae')", "-criterion = nn.MSELoss()\n+criterion = nn.L1Loss()"],
    "neural_connection.merge_layers": ["-x = a\n+x = concatenate([a, b])", "+y = torch.mm(a, b)"],
    "neural_connection.feedback_loop_or_input_layer": ["-x = Dense(8)(a)\n+x = Dense(8)(b)", "+loss.backward()"],
    "neural_connection.transfer_learning": ["+model.load_weights('w.h5')", "-net = VGG16()\n+net = VGG16(include_top=False)"],
    "add_layer.dropout": ["+model.add(Dropout(0.5))", " x = 1\n+self.drop = nn.Dropout2d(0.2)"],
    "add_layer.other_layer": ["+model.add(Dense(8))", "+x = nn.Linear(2, 3)"],
    "data_dimension.resize_down": ["-img = resize(img, (256, 256))\n+img = resize(img, (128, 128))", "-load(x, target_size=(64, 64))\n+load(x, target_size=(32, 32))"],
    "data_dimension.resize_up": ["-img = resize(img, (28, 28))\n+img = resize(img, (32, 32))", "+x = UpSampling2D((2, 2))(x)"],
    "data_dimension.reshape": ["-x = a\n+x = a.reshape(1, 2)", "-x = f(a)\n+x = f(np.expand_dims(a, 0))"],
    "data_dimension.reorder": ["-x = a\n+x = a.transpose(0, 2, 1)", "-x = y.permute(0, 1)\n+x = y.permute(1, 0)"],
    "versioning.qualified_name": ["-tf.initialize_all_variables()\n+tf.global_variables_initializer()", "-from keras.layers.core import Dense\n+from keras.layers import Dense"],
    "versioning.signature": ["-model.fit(x, nb_epoch=2)\n+model.fit(x, epochs=2)", "-tf.concat(1, [a, b])\n+tf.concat([a, b], 1)"],
    "versioning.probabilistic_behaviour": ["+tf.set_random_seed(1)", "-tf.random.set_seed(1)\n+tf.random.set_seed(2)"],
    "versioning.between_libraries": ["-from keras.layers import Dense\n+from tensorflow.keras.layers import Dense", "-y = theano.dot(a, b)\n+y = tf.matmul(a, b)"],
}  # fmt: skip

NEAR_MISSES = {
    "loss_function.add": ["-a = nn.MSELoss()\n+a = nn.L1Loss()", "-loss = a\n+loss = b"],
    "loss_function.change": ["+loss = nn.MSELoss()(a, b)", "+model.compile(optimizer='sgd', loss='mse')"],
    "neural_connection.merge_layers": ["+model.load_weights('w')", "-f(inputs=a)\n+f(inputs=b)"],
    "neural_connection.feedback_loop_or_input_layer": ["+x = concatenate([a, b])", "-layer.trainable = True\n+layer.trainable = False"],
    "neural_connection.transfer_learning": ["+optimizer.zero_grad()", "+z = merge([a, b])"],
    "add_layer.dropout": ["+model.add(Dense(8))", "-model.add(Dropout(0.5))"],
    "add_layer.other_layer": ["+model.add(Dropout(0.5))", "-model.add(Dense(8))"],
    "data_dimension.resize_down": ["-img = resize(img, (28, 28))\n+img = resize(img, (32, 32))", "-img = resize(img, (28, 64))\n+img = resize(img, (64, 28))"],
    "data_dimension.resize_up": ["-img = resize(img, (64, 64))\n+img = resize(img, (32, 32))", "-img = resize(img, size)\n+img = resize(img, other)"],
    "data_dimension.reshape": ["+x = x.transpose(1, 0)", "-img = resize(img, (28, 28))\n+img = resize(img, (32, 32))"],
    "data_dimension.reorder": ["+x = x.reshape(1, 0)", "+x = x.squeeze()"],
    "versioning.qualified_name": ["-model.fit(x, nb_epoch=2)\n+model.fit(x, epochs=2)", "-y = theano.dot(a, b)\n+y = tf.matmul(a, b)"],
    "versioning.signature": ["-tf.initialize_all_variables()\n+tf.global_variables_initializer()", "-from keras.layers.core import Dense\n+from keras.layers import Dense"],
    "versioning.probabilistic_behaviour": ["-model.fit(x, nb_epoch=2)\n+model.fit(x, epochs=2)", "-tf.mul(a, b)\n+tf.multiply(a, b)"],
    "versioning.between_libraries": ["-import tensorflow as tf\n+import tensorflow.compat.v1 as tf", "-tf.mul(a, b)\n+tf.multiply(a, b)"],
}  # fmt: skip


def test_every_sub_pattern_is_tried_and_has_a_name_in_the_taxonomy() -> None:
    """The taxonomy's sub-patterns are those of the tables here, and the table of names holds no other."""
    assert set(VALUES) == MATCHES.keys() == NEAR_MISSES.keys()
    assert all(f"{pattern}.{name}" in VALUES for pattern, names in table("sub_patterns").items() for name in names)


@pytest.mark.parametrize(("value", "body"), [(value, body) for value, bodies in MATCHES.items() for body in bodies])
def test_a_change_gets_its_sub_pattern(value: str, body: str) -> None:
    assert first(value.partition(".")[0], body) == value


@pytest.mark.parametrize(("value", "body"), [(value, body) for value, bodies in NEAR_MISSES.items() for body in bodies])
def test_a_change_that_only_looks_like_it_does_not(value: str, body: str) -> None:
    assert first(value.partition(".")[0], body) != value


@pytest.mark.parametrize("pattern", ["optimizer", "unknown", "data_type"])
def test_a_pattern_without_sub_patterns_has_no_label(pattern: str) -> None:
    assert sub_pattern.labels((Label("pattern", pattern, 1, 0.9, "r", ()),), (), "keras") == ()


def test_a_pattern_that_shows_none_of_the_names_is_unknown() -> None:
    """It has sub-patterns, so that none was told is a label."""
    assert first("data_dimension", "-x = a[0]\n+x = a[1]") == "unknown"
