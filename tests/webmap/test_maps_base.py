import re

import folium
import pytest
from folium import plugins
from made_town import EVIL

from webmap.maps.base import ForeignAsset, LocalMap, render
from webmap.maps.style import safe


def parts(town: folium.Map):
    return render(town, nonce="n0nce", asset=lambda name: f"/static/{name}")


def test_a_map_loads_scripts_and_styles_from_our_own_files_only():
    town = LocalMap()
    plugins.MarkerCluster().add_to(town)

    made = parts(town)

    addresses = re.findall(r'(?:src|href)="([^"]+)"', made.head + made.script)
    assert addresses
    assert all(address.startswith("/static/vendor/") for address in addresses)


@pytest.mark.parametrize(
    "layer",
    [
        folium.TileLayer("https://tiles.example.com/{z}/{x}/{y}.png", attr="x"),
        folium.TileLayer("//tiles.example.com/{z}/{x}/{y}.png", attr="x"),
        folium.raster_layers.ImageOverlay("https://example.com/a.png", [[0, 0], [1, 1]]),
        plugins.HeatMap([[40, 116]]),
        folium.raster_layers.WmsTileLayer("http://example.com/wms", "layer"),
    ],
)
def test_whatever_would_come_from_another_host_is_refused(layer):
    town = LocalMap()
    layer.add_to(folium.FeatureGroup().add_to(town))

    with pytest.raises(ForeignAsset, match=r"example|jsdelivr"):
        parts(town)


def test_folium_s_own_map_is_refused_because_it_wants_bootstrap_and_icons():
    with pytest.raises(ForeignAsset):
        parts(folium.Map(tiles=None))


def test_every_script_of_ours_carries_the_nonce_and_nothing_in_the_body_does():
    town = LocalMap()
    folium.raster_layers.ImageOverlay("data:image/png;base64,AAAA", [[0, 0], [1, 1]]).add_to(town)
    folium.Marker([40, 116], popup="<script>alert(1)</script>").add_to(town)
    town.get_root().html.add_child(folium.Element("<script>alert(2)</script>"))

    made = parts(town)

    assert all('nonce="n0nce"' in tag for tag in re.findall(r"<(?:script|style)\b[^>]*>", made.head))
    assert len(re.findall(r"<script\b[^>]*nonce", made.script)) >= 2
    assert "nonce" not in made.body


def test_a_user_s_text_made_safe_stays_text_in_a_popup_of_folium():
    town = LocalMap()
    folium.Marker([40, 116], popup=safe(EVIL), tooltip=safe(EVIL)).add_to(town)

    script = parts(town).script

    assert "alert(1)</script>" not in script
    assert "${" not in script
    assert "&#36;&#123;alert(1)&#125;" in script
