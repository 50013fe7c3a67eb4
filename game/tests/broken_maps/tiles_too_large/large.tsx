<?xml version="1.0" encoding="UTF-8"?>
<tileset version="1.10" name="tiles" tilewidth="32" tileheight="320" tilecount="2" columns="2">
 <image source="tiles.png" width="64" height="320"/>
 <tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile>
</tileset>
